/** What a tile of the grid says, and which filter it passes. Pure. */
import type { MachineSummary } from '../../../contract/machine.ts'
import type { RunCell } from '../../../contract/run.ts'
import { factOf, shapeOf, wordOf } from '../../state/machine-looks.ts'
import { text } from '../../text/text.ts'
import { formatMiB } from '../../ui/size-text.ts'
import type { StateShapeName } from '../../ui/state-shape.tsx'

export interface GridEntry {
  readonly machine: MachineSummary
  /** The cell of a run whose machine it is. */
  readonly cell: RunCell | undefined
}

export const tileKinds = ['running', 'passed', 'failed', 'paused', 'busy', 'stopped', 'unknown'] as const
export type TileKind = (typeof tileKinds)[number]

/** What a run says of a machine comes before what the machine is. */
export function kindOf({ machine, cell }: GridEntry): TileKind {
  if (cell?.state === 'passed') return 'passed'
  if (cell?.state === 'failed' || cell?.state === 'timed-out') return 'failed'
  switch (machine.state) {
    case 'running': return 'running'
    case 'paused': return 'paused'
    case 'stopped': return 'stopped'
    case 'crashed':
    case 'broken': return 'failed'
    case 'unknown': return 'unknown'
    case 'starting':
    case 'saving':
    case 'restoring':
    case 'stopping': return 'busy'
  }
}

const shapes: Readonly<Record<TileKind, StateShapeName>> = { running: 'running', passed: 'ok', failed: 'crashed', paused: 'paused', busy: 'busy', stopped: 'stopped', unknown: 'unknown' }

export function shapeOfKind(kind: TileKind): StateShapeName {
  return shapes[kind]
}

export function wordOfEntry(entry: GridEntry): string {
  return entry.cell === undefined || entry.cell.state === 'waiting' ? wordOf(entry.machine) : text.runs.cellStates[entry.cell.state]
}

export function shapeOfEntry(entry: GridEntry): StateShapeName {
  const kind = kindOf(entry)
  return kind === 'failed' || kind === 'passed' ? shapeOfKind(kind) : shapeOf(entry.machine.state)
}

/** The line beneath the picture. */
export function lineOf({ machine, cell }: GridEntry): string {
  if (cell !== undefined && (cell.reason ?? cell.lastLine) !== '') return cell.reason ?? cell.lastLine
  // Its state stands above already.
  return machine.state === 'stopped' ? text.templates.shape(text.machine.cpus(machine.cpus), formatMiB(machine.memoryMiB)) : factOf(machine)
}

/** How often each occurs, those that do not left out. */
export function countKinds(entries: readonly GridEntry[]): { readonly kind: TileKind; readonly amount: number }[] {
  return tileKinds.flatMap((kind) => {
    const amount = entries.filter((entry) => kindOf(entry) === kind).length
    return amount === 0 ? [] : [{ kind, amount }]
  })
}

export type Move = 'up' | 'down' | 'left' | 'right' | 'first' | 'last'

/** Where an arrow leads in a grid that is `columns` wide; stays where there is nothing further. */
export function moveInGrid(at: number, amount: number, columns: number, move: Move): number {
  const here = Math.max(0, at)
  const to = { up: here - columns, down: here + columns, left: here - 1, right: here + 1, first: 0, last: amount - 1 }[move]
  return to < 0 || to >= amount ? here : to
}
