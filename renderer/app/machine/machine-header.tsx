/** The machine's name, state and first facts, and the bar of what can be done to it. */
import { Menu } from '@mantine/core'
import { CirclePlay, Ellipsis, Pause, Play, Power, PowerOff } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import type { MachineSummary } from '../../../contract/machine.ts'
import { machineActions, perform, whyNot } from '../../state/machine-actions.ts'
import type { MachineVerb } from '../../state/machine-verb.ts'
import { shapeOf, wordOf } from '../../state/machine-looks.ts'
import { useNow } from '../../state/now.ts'
import { text } from '../../text/text.ts'
import { formatDuration } from '../../text/time.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { MiddleClip } from '../../ui/middle-clip.tsx'
import { formatMiB } from '../../ui/size-text.ts'
import { StateShape } from '../../ui/state-shape.tsx'
import { MachineMenuItems } from './machine-menu-items.tsx'

export function MachineHeader({ machine }: { readonly machine: MachineSummary }): React.ReactNode {
  const [forward] = machine.forwards
  const address = forward === undefined ? undefined : `${forward.hostAddress}:${forward.hostPort}`
  const startable = whyNot('start', machine) === undefined
  // The note beneath the tabs says why.
  const saidBelow = machine.state === 'crashed' || machine.state === 'broken'
  return (
    <div className="mh">
      <div className="mf-grow">
        <div className="mh-line">
          <h1><MiddleClip text={machine.name} /></h1>
          <span className={`mh-state mh-state-${shapeOf(machine.state)}`} role="status"><StateShape shape={shapeOf(machine.state)} />{wordOf(machine)}</span>
          {machine.startedAt === null ? null : <span className="mf-3 mf-wide-only"><Uptime since={machine.startedAt} /></span>}
          {machine.tags.map((tag) => <span key={tag} className="mf-tag mf-wide-only">{tag}</span>)}
        </div>
        <div className="mh-facts">
          <span className="mf-clip">{machine.stateReason === null || saidBelow ? `${text.machine.cpus(machine.cpus)}, ${formatMiB(machine.memoryMiB)}` : machine.stateReason}</span>
          {address === undefined ? null : <><span aria-hidden>·</span><code>{address}</code><CopyButton size="small" text={address} name={text.copyOf(address)} copiedWord={text.copied} /></>}
        </div>
      </div>
      <div className="mh-acts" role="toolbar" aria-label={text.machine.actions(machine.name)}>
        {machine.state === 'paused'
          ? <ActionButton verb="resume" icon={CirclePlay} machine={machine} />
          : <ActionButton verb="pause" icon={Pause} machine={machine} />}
        <ActionButton verb="shutDown" icon={Power} machine={machine} />
        <ActionButton verb="switchOff" icon={PowerOff} machine={machine} />
        <span className="mh-sep" />
        <Button look={startable ? 'filled' : 'default'} size="large" icon={Play} className="mh-start" cannot={whyNot('start', machine)} onClick={() => perform('start', machine)}>{machine.state === 'crashed' ? text.machine.startAgain : text.verb.start}</Button>
        <Menu>
          <Menu.Target><IconButton icon={Ellipsis} size="large" name={text.machine.moreActions} /></Menu.Target>
          <Menu.Dropdown><MachineMenuItems machine={machine} /></Menu.Dropdown>
        </Menu>
      </div>
    </div>
  )
}

function ActionButton({ verb, icon, machine }: { readonly verb: MachineVerb; readonly icon: LucideIcon; readonly machine: MachineSummary }): React.ReactNode {
  return (
    <Button look="quiet" size="large" icon={icon} cannot={whyNot(verb, machine)} aria-label={text.verb[verb]} onClick={() => perform(machineActions[verb].verb, machine)}>
      <span className="mh-word">{text.verb[verb]}</span>
    </Button>
  )
}

function Uptime({ since }: { readonly since: string }): React.ReactNode {
  const now = useNow()
  return formatDuration((now - Date.parse(since)) / 1000)
}
