/** How a cell of a run and the run itself are said. */
import type { Run, RunCell } from '../../../contract/run.ts'
import { text } from '../../text/text.ts'
import { formatTook } from '../../text/time.ts'
import type { StateShapeName } from '../../ui/state-shape.tsx'

const shapes: Readonly<Record<RunCell['state'], StateShapeName>> = { waiting: 'unknown', starting: 'busy', running: 'busy', passed: 'ok', failed: 'crashed', 'timed-out': 'crashed', cancelled: 'stopped' }
const runShapes: Readonly<Record<Run['state'], StateShapeName>> = { running: 'busy', passed: 'ok', failed: 'crashed', cancelled: 'stopped' }

export function shapeOfCell({ state }: RunCell): StateShapeName {
  return shapes[state]
}

export function shapeOfRun({ state }: Run): StateShapeName {
  return runShapes[state]
}

export function isOver(cell: Pick<RunCell, 'state'> | undefined): boolean {
  const state = cell?.state ?? 'waiting'
  return state !== 'waiting' && state !== 'starting' && state !== 'running'
}

/** `exit 0`; what it wrote last while it runs. */
export function outcomeOf(cell: RunCell): string {
  if (cell.exitStatus !== null) return text.runs.exit(cell.exitStatus)
  if (cell.signal !== null) return text.runs.signal(cell.signal)
  if (cell.state === 'running' && cell.lastLine !== '') return cell.lastLine
  return text.runs.cellStates[cell.state]
}

/** How long its command took, or takes so far. */
export function tookOf({ durationMs, startedAt, state }: RunCell, now: number): string {
  if (durationMs !== null) return formatTook(durationMs)
  return startedAt === null || state !== 'running' ? '' : formatTook(Math.max(0, now - Date.parse(startedAt)))
}

export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly going: number
  readonly over: number
}

export function tallyOf(cells: readonly RunCell[]): Tally {
  const over = cells.filter(isOver)
  const passed = over.filter(({ state }) => state === 'passed').length
  return { passed, failed: over.filter(({ state }) => state === 'failed' || state === 'timed-out').length, going: cells.filter(({ state }) => state === 'starting' || state === 'running').length, over: over.length }
}
