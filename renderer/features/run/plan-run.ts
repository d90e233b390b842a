/** What a draft of a run amounts to: what is wrong with it, the request, and the equal command line. Pure. */
import type { Run } from '../../../contract/run.ts'
import { runRequestSchema } from '../../../contract/procedures/run.ts'
import type { RunRequest } from '../../../contract/procedures/run.ts'
import type { Template } from '../../../contract/template.ts'
import { shellWord } from '../../../contract/shell-word.ts'
import { emptyRunDraft } from '../../state/run-draft.ts'
import type { RunDraft } from '../../state/run-draft.ts'
import { text } from '../../text/text.ts'
import { formatExactMiB } from '../../ui/exact-size.ts'
import { splitWords } from '../../ui/shell-words.ts'
import { formatMiB, parseSizeMiB } from '../../ui/size-text.ts'

/** A draft like a run there was. What its values do not tell is read from its command line, which the engine wrote. */
export function draftLike(run: Run): RunDraft {
  const flags = flagsOf(run.commandLine)
  const last = (name: string): string => flags.filter(([flag]) => flag === name).at(-1)?.[1] ?? ''
  return {
    ...emptyRunDraft,
    template: run.template.id,
    command: run.argv.map(shellWord).join(' '),
    matrix: Object.entries(run.matrix).map(([key, values]) => ({ key, values: values.join(',') })),
    count: String(Math.max(1, Math.round(run.cells.length / cellsOf(run.matrix)))),
    parallel: String(run.parallel),
    timeout: run.timeoutSeconds === null ? '' : durationWord(run.timeoutSeconds),
    cpus: last('cpus'),
    memory: last('memory'),
    cwd: last('cwd'),
    copyOut: flags.filter(([flag]) => flag === 'copy-out').map(([, path]) => path).join('\n'),
    keepOnFailure: run.keepOnFailure,
    filesOf: run.input === null ? undefined : { run: run.id, number: run.number, ...run.input },
  }
}

/** Whether it was given variables of its own: their values are kept nowhere, for they may be secret. */
export function hasOwnEnvironment(run: Run): boolean {
  return flagsOf(run.commandLine).some(([flag]) => flag === 'env')
}

/** What the engine is to be told besides the request: whose files the commands are given. */
export function givenFiles({ filesOf }: Pick<RunDraft, 'filesOf'>): { readonly inputOf?: string } {
  return filesOf?.kept === true ? { inputOf: filesOf.run } : {}
}

/** What stands before the command, as pairs. */
function flagsOf(commandLine: string): [string, string][] {
  const words = splitWords(commandLine) ?? []
  const before = words.slice(0, Math.max(0, words.indexOf('--')))
  return before.flatMap((word, index): [string, string][] => (word.startsWith('--') ? [[word.slice(2), before[index + 1] ?? '']] : []))
}

export interface RunPlan {
  readonly template: Template | undefined
  /** By field; those of the matrix as `key-0` and `values-0`. */
  readonly issues: ReadonlyMap<string, string>
  /** How many forks there will be; undefined while that is not known. */
  readonly cells: number | undefined
  /** Undefined while something is wrong. */
  readonly request: RunRequest | undefined
  /** The equal command line, as far as it is known. */
  readonly commandLine: string
}

const mostCells = 1000

export function planRun(draft: RunDraft, templates: readonly Template[]): RunPlan {
  const template = templates.find(({ machine }) => machine === draft.template) ?? templates[0]
  const issues = new Map<string, string>()
  const words = splitWords(draft.command)
  if (words === undefined) issues.set('command', text.runs.form.commandQuote)
  else if (words.length === 0) issues.set('command', text.runs.form.commandEmpty)

  const matrix: Record<string, string[]> = {}
  for (const [index, { key, values }] of draft.matrix.entries()) {
    const list = values.split(',').map((value) => value.trim()).filter((value) => value !== '')
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(key)) issues.set(`key-${index}`, text.runs.form.badKey)
    else if (key in matrix) issues.set(`key-${index}`, text.runs.form.twiceKey)
    if (list.length === 0) issues.set(`values-${index}`, text.runs.form.noValues)
    matrix[key] = list
  }
  const count = whole(draft.count, 1, 1000, () => issues.set('count', text.runs.form.badCount))
  const parallel = draft.parallel.trim() === '' ? undefined : whole(draft.parallel, 1, 64, () => issues.set('parallel', text.runs.form.badParallel))
  const timeoutSeconds = draft.timeout.trim() === '' ? undefined : parseDuration(draft.timeout)
  if (draft.timeout.trim() !== '' && (timeoutSeconds === undefined || timeoutSeconds < 1 || timeoutSeconds > 604_800)) issues.set('timeout', text.runs.form.badTimeout)
  const mostCpus = template?.ceilings.cpus ?? 1
  const cpus = draft.cpus.trim() === '' ? undefined : whole(draft.cpus, 1, mostCpus, () => issues.set('cpus', text.runs.form.badCpus(mostCpus)))
  const mostMiB = template?.ceilings.memoryMiB ?? 0
  const memoryMiB = draft.memory.trim() === '' ? undefined : parseSizeMiB(draft.memory, 'MiB')
  if (draft.memory.trim() !== '' && (memoryMiB === undefined || memoryMiB < 16 || memoryMiB > mostMiB)) issues.set('memory', text.runs.form.badMemory(formatMiB(mostMiB)))
  const copyOut = draft.copyOut.split('\n').map((path) => path.trim()).filter((path) => path !== '')
  const cwd = draft.cwd.trim()
  const cells = count === undefined ? undefined : cellsOf(matrix) * count
  if (cells !== undefined && cells > mostCells) issues.set('count', text.runs.form.tooMany)

  const asked = { argv: words ?? [], matrix, count: count ?? 1, keepOnFailure: draft.keepOnFailure, copyOut, ...(parallel === undefined ? {} : { parallel }), ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }), ...(cpus === undefined ? {} : { cpus }), ...(memoryMiB === undefined ? {} : { memoryMiB }), ...(cwd === '' ? {} : { cwd }) }
  const request = template === undefined || issues.size > 0 ? undefined : runRequestSchema.parse({ ...asked, template: template.machine })
  return { template, issues, cells, request, commandLine: commandLineOf(template?.name ?? '', asked) }
}

function cellsOf(matrix: Readonly<Record<string, readonly string[]>>): number {
  return Object.values(matrix).reduce((product, values) => product * Math.max(1, values.length), 1)
}

type Asked = Omit<RunRequest, 'template' | 'env'>

function commandLineOf(template: string, { argv, matrix, count, parallel, timeoutSeconds, cpus, memoryMiB, cwd, copyOut, keepOnFailure }: Asked): string {
  const flag = (name: string, value: string): string => (value.startsWith('-') ? `--${name}=${shellWord(value)}` : `--${name} ${shellWord(value)}`)
  return [
    `mayfly run ${shellWord(template)}`,
    ...Object.entries(matrix).map(([key, values]) => flag('matrix', `${key}=${values.join(',')}`)),
    ...(count === 1 ? [] : [flag('count', String(count))]),
    ...(parallel === undefined ? [] : [flag('parallel', String(parallel))]),
    ...(timeoutSeconds === undefined ? [] : [flag('timeout', durationWord(timeoutSeconds))]),
    ...(cpus === undefined ? [] : [flag('cpus', String(cpus))]),
    ...(memoryMiB === undefined ? [] : [flag('memory', formatExactMiB(memoryMiB, ''))]),
    ...(cwd === undefined ? [] : [flag('cwd', cwd)]),
    ...copyOut.map((path) => flag('copy-out', path)),
    ...(keepOnFailure ? ['--keep-on-failure'] : []),
    `-- ${argv.map(shellWord).join(' ')}`,
  ].join(' ')
}

function whole(typed: string, least: number, most: number, bad: () => void): number | undefined {
  const value = /^\s*\d{1,6}\s*$/.test(typed) ? Number(typed) : Number.NaN
  if (value >= least && value <= most) return value
  bad()
  return undefined
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, sec: 1, m: 60, min: 60, h: 3600, d: 86_400 }

/** `90`, `90s`, `5 min`, `1h`; seconds. */
export function parseDuration(typed: string): number | undefined {
  const match = /^\s*(\d{1,7})\s*(s|sec|m|min|h|d)?\s*$/i.exec(typed)
  if (match === null) return undefined
  return Number(match[1]) * (unitSeconds[(match[2] ?? 's').toLowerCase()] ?? 1)
}

function durationWord(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600}h`
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`
}
