/** The machine's name, state and first facts, and the bar of what can be done to it. */
import { Menu } from '@mantine/core'
import { BookmarkPlus, CirclePlay, Ellipsis, Hourglass, Pause, Play, Power, PowerOff } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import type { MachineSummary } from '../../../contract/machine.ts'
import { ForkButton } from '../../features/fork/fork-button.tsx'
import { isPassing, useLifeWords } from '../../state/machine-life.ts'
import { perform, whyNot } from '../../state/machine-actions.ts'
import type { MachineVerb } from '../../state/machine-verb.ts'
import { shapeOf, wordOf } from '../../state/machine-looks.ts'
import { useMachine } from '../../state/mirror.ts'
import { useNow } from '../../state/now.ts'
import { go } from '../../state/place.ts'
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
          {machine.startedAt === null || isPassing(machine) ? null : <span className="mf-3 mf-wide-only"><Uptime since={machine.startedAt} /></span>}
          {isPassing(machine) ? <LifeBadge machine={machine} /> : null}
          {machine.tags.map((tag) => <span key={tag} className="mf-tag mf-wide-only">{tag}</span>)}
        </div>
        <div className="mh-facts">
          <span className="mf-clip">{machine.stateReason === null || saidBelow ? `${text.machine.cpus(machine.cpus)}, ${formatMiB(machine.memoryMiB)}` : machine.stateReason}</span>
          {machine.origin === null ? null : <OriginLink machine={machine} />}
          {address === undefined ? null : <><span aria-hidden>·</span><code>{address}</code><CopyButton size="small" text={address} name={text.copyOf(address)} copiedWord={text.copied} /></>}
        </div>
      </div>
      <div className="mh-acts" role="toolbar" aria-label={text.machine.actions(machine.name)}>
        <ActionButton verb="start" icon={Play} machine={machine} filled={startable} word={machine.state === 'crashed' ? text.machine.startAgain : text.verb.start} />
        {machine.state === 'paused'
          ? <ActionButton verb="resume" icon={CirclePlay} machine={machine} />
          : <ActionButton verb="pause" icon={Pause} machine={machine} />}
        <ActionButton verb="shutDown" icon={Power} machine={machine} />
        <ActionButton verb="switchOff" icon={PowerOff} machine={machine} />
        <span className="mh-sep" />
        <ActionButton verb="checkpoint" icon={BookmarkPlus} machine={machine} />
        <ForkButton machine={machine} filled={!startable} />
        <Menu>
          <Menu.Target><IconButton icon={Ellipsis} size="large" name={text.machine.moreActions} /></Menu.Target>
          <Menu.Dropdown><MachineMenuItems machine={machine} /></Menu.Dropdown>
        </Menu>
      </div>
    </div>
  )
}

function ActionButton({ verb, icon, machine, filled = false, word = text.verb[verb] }: { readonly verb: MachineVerb; readonly icon: LucideIcon; readonly machine: MachineSummary; readonly filled?: boolean; readonly word?: string }): React.ReactNode {
  return (
    <Button look={filled ? 'filled' : 'quiet'} size="large" icon={icon} className={filled ? 'mh-act mh-filled' : 'mh-act'} cannot={whyNot(verb, machine)} aria-label={word} onClick={() => perform(verb, machine)}>
      <span className="mh-word">{word}</span>
    </Button>
  )
}

function Uptime({ since }: { readonly since: string }): React.ReactNode {
  const now = useNow()
  return formatDuration((now - Date.parse(since)) / 1000)
}

/** That it goes by itself, and when. */
function LifeBadge({ machine }: { readonly machine: MachineSummary }): React.ReactNode {
  const words = useLifeWords(machine)?.whole
  return <span className="mf-tag mf-tag-accent mh-life" title={words}><Hourglass size={12} strokeWidth={1.75} aria-hidden className="mf-icon" /><span className="mf-clip">{words}</span></span>
}

/** What it was forked from, and the way there while that is there. */
function OriginLink({ machine }: { readonly machine: MachineSummary }): React.ReactNode {
  const { origin } = machine
  const parent = useMachine(origin?.machine)
  if (origin === null) return null
  const words = origin.checkpointLabel === null ? text.life.forkOf(origin.machineName) : text.life.forkOfAt(origin.machineName, origin.checkpointLabel)
  return (
    <>
      <span aria-hidden>·</span>
      {parent === undefined || parent.role === 'template' ? <span className="mf-clip">{words}</span> : <button type="button" className="mf-link mf-clip" onClick={() => go({ view: 'machines', machine: parent.id, tab: 'timeline' })}>{words}</button>}
    </>
  )
}
