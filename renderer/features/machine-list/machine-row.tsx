/** One machine in the list: its screen, its state as shape and word, and the one fact that matters. */
import { Hourglass, Power } from 'lucide-react'
import { memo } from 'react'
import type { MachineSummary } from '../../../contract/machine.ts'
import { isPassing, useLifeWords } from '../../state/machine-life.ts'
import { factOf, isOn, shapeOf, wordOf } from '../../state/machine-looks.ts'
import { useThumbnail } from '../../state/thumbnails.ts'
import { openMachineMenu } from '../../state/machine-menu.ts'
import { CpuTrace } from './cpu-trace.tsx'
import { MiddleClip } from '../../ui/middle-clip.tsx'
import { StateShape } from '../../ui/state-shape.tsx'

interface MachineRowProps {
  readonly machine: MachineSummary
  readonly at: React.CSSProperties
  /** How far it stands beneath what it was forked from. */
  readonly depth: number
  /** The first fork beneath its parent. */
  readonly first: boolean
  /** How many rows its line goes up. */
  readonly up: number
  readonly current: boolean
  readonly selected: boolean
  /** Always the same function, or every row is drawn anew with every pixel that is scrolled. */
  readonly onPick: (event: React.MouseEvent, machine: string) => void
}

export const MachineRow = memo(MachineRowNow, (a, b) => a.machine === b.machine && a.at.transform === b.at.transform && a.depth === b.depth && a.first === b.first && a.up === b.up && a.current === b.current && a.selected === b.selected && a.onPick === b.onPick)

function MachineRowNow({ machine, at, depth, first, up, current, selected, onPick }: MachineRowProps): React.ReactNode {
  const on = isOn(machine.state)
  const picture = useThumbnail(machine.id, machine.state === 'running' || machine.state === 'paused')
  return (
    <div
      id={`machine-${machine.id}`}
      className={depth === 0 ? 'ml-machine' : `ml-machine ml-fork ml-fork-${depth}${first ? ' ml-fork-first' : ''}`}
      style={up > 1 ? { ...at, '--ml-up': up - 1 } as React.CSSProperties : at}
      role="option"
      aria-selected={selected}
      aria-current={current}
      onClick={(event) => onPick(event, machine.id)}
      onContextMenu={(event) => {
        event.preventDefault()
        openMachineMenu({ machine: machine.id, x: event.clientX, y: event.clientY })
      }}
    >
      {picture !== undefined && (on || machine.state === 'crashed') ? <img className={`mf-thumb ${machine.state === 'running' ? '' : 'mf-thumb-dim'}`} src={picture} alt="" /> : <span className={`mf-thumb ${on ? '' : 'mf-thumb-off'}`}>{on ? null : <Power size={14} strokeWidth={1.75} aria-hidden />}</span>}
      <div className="ml-words">
        <div className="ml-name"><StateShape shape={shapeOf(machine.state)} label={wordOf(machine)} /><MiddleClip text={machine.name} /></div>
        <div className="ml-fact mf-clip" title={machine.stateReason ?? undefined}>{isPassing(machine) ? <PassingFact machine={machine} /> : factOf(machine)}</div>
      </div>
      {machine.state === 'running' ? <CpuTrace machine={machine.id} /> : null}
    </div>
  )
}

/** What is soon gone says when. */
function PassingFact({ machine }: { readonly machine: MachineSummary }): React.ReactNode {
  const { short, whole } = useLifeWords(machine) ?? {}
  return <><Hourglass size={10} strokeWidth={2} aria-hidden className="ml-passing" /><span title={whole}>{machine.stateReason ?? short}</span></>
}
