/** What a run consists of: one cell for each combination of the matrix' values, as often as asked. */
import { MayflyError } from '../../contract/errors.ts'
import type { RunRequest } from '../../contract/procedures/run.ts'
import type { RunCell } from '../../contract/run.ts'
import { shellWord } from '../../contract/shell-word.ts'

/** More cells than anybody can look at; each is a machine. */
const mostCells = 1000

/** The cells in order: the last key of the matrix changes fastest, repetitions stand together. Throws `invalid-input` where there are too many. */
export function planCells({ matrix, count }: Pick<RunRequest, 'matrix' | 'count'>): RunCell[] {
  const keys = Object.entries(matrix)
  const total = keys.reduce((product, [, values]) => product * values.length, count)
  if (total > mostCells) {
    const message = `That makes ${total} runs; at most ${mostCells} can be asked for at once.`
    throw new MayflyError('invalid-input', message, { issues: [{ path: 'matrix', message }] }, { next: 'Nothing was begun.' })
  }
  let combinations: Record<string, string>[] = [{}]
  for (const [key, values] of keys) combinations = combinations.flatMap((before) => values.map((value) => ({ ...before, [key]: value })))
  return combinations.flatMap((values) => Array.from({ length: count }, () => values)).map((values, index) => newCell(index, values))
}

function newCell(index: number, values: Record<string, string>): RunCell {
  return { index, values, state: 'waiting', exitStatus: null, signal: null, startedAt: null, endedAt: null, readyMs: null, durationMs: null, machine: null, keptUntil: null, hasScreenshot: false, lastLine: '', reason: null, notes: [] }
}

/** The equal command line. Values of the environment are left out: they may be secret. */
export function commandLineOf(request: RunRequest, template: string): string {
  const words = ['mayfly', 'run', template]
  if (request.cpus !== undefined) words.push('--cpus', String(request.cpus))
  if (request.memoryMiB !== undefined) words.push('--memory', `${request.memoryMiB}MiB`)
  if (request.cwd !== undefined) words.push('--cwd', request.cwd)
  for (const key of Object.keys(request.env)) words.push('--env', `${key}=...`)
  for (const path of request.copyOut) words.push('--copy-out', path)
  for (const [key, values] of Object.entries(request.matrix)) words.push('--matrix', `${key}=${values.join(',')}`)
  if (request.count > 1) words.push('--count', String(request.count))
  if (request.parallel !== undefined) words.push('--parallel', String(request.parallel))
  if (request.timeoutSeconds !== undefined) words.push('--timeout', `${request.timeoutSeconds}s`)
  if (request.keepOnFailure) words.push('--keep-on-failure')
  return [...words, '--', ...request.argv].map(shellWord).join(' ')
}

/** What tells a cell from its neighbours: `postgres=16, os=debian, 2 of 3`. Empty where there is only one. */
export function cellTitle(cell: Pick<RunCell, 'index' | 'values'>, total: number, count: number): string {
  const values = Object.entries(cell.values).map(([key, value]) => `${key}=${value}`)
  if (count > 1) values.push(`${(cell.index % count) + 1} of ${count}`)
  return total === 1 && values.length === 0 ? '' : values.join(', ')
}
