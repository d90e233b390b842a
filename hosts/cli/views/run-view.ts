/** Runs and templates for people. */
import type { CopiedFile, Run, RunCell } from '../../../contract/run.ts'
import type { Template } from '../../../contract/template.ts'
import { bytesShown, memoryShown, timeShown } from '../quantities.ts'
import type { Colour, Style } from '../style.ts'
import { type Cell, facts, table } from '../table.ts'

const looks: Readonly<Record<RunCell['state'], readonly [shape: string, colour: Colour]>> = {
  waiting: ['◌', 'dim'],
  starting: ['◌', 'blue'],
  running: ['●', 'blue'],
  passed: ['✔', 'green'],
  failed: ['✖', 'red'],
  'timed-out': ['✖', 'red'],
  cancelled: ['○', 'dim'],
}

/** What tells a cell from its neighbours: its values, and which of several it is. */
export function cellLabel(run: Pick<Run, 'count'>, cell: Pick<RunCell, 'index' | 'values'>): string {
  const values = Object.entries(cell.values).map(([key, value]) => `${key}=${value}`)
  if (run.count > 1 || values.length === 0) values.push(String((cell.index % run.count) + 1))
  return values.join(' ')
}

function seconds(ms: number | null): string {
  return ms === null ? '' : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`
}

function stateCell(state: RunCell['state']): Cell {
  const [shape, colour] = looks[state]
  return { text: `${shape} ${state}`, colour }
}

function outcomeOf(cell: RunCell): string {
  if (cell.exitStatus !== null && cell.state !== 'timed-out') return cell.exitStatus === 0 ? '' : `status ${cell.exitStatus}`
  return cell.reason ?? (cell.signal === null ? '' : `ended by ${cell.signal}`)
}

/** The cells of one run, below each other. */
export function cellTable(run: Run, style: Style): string {
  return table(
    [{ title: 'CELL', cutTo: 12 }, { title: 'STATE' }, { title: 'TIME', align: 'right' }, { title: 'OUTCOME', cutTo: 12 }, { title: 'LAST LINE', cutTo: 10 }, { title: 'MACHINE' }],
    run.cells.map((cell) => [cellLabel(run, cell), stateCell(cell.state), seconds(cell.durationMs), outcomeOf(cell), cell.lastLine, cell.machine ?? '']),
    style,
  )
}

/** What each cell has copied out. */
export function runFileTable(run: Run, cells: readonly { readonly cell: RunCell; readonly files: readonly CopiedFile[] }[], style: Style): string {
  const rows = cells.flatMap(({ cell, files }) => files.map(({ path, kind, bytes }) => [run.cells.length === 1 ? '' : String(cell.index + 1), run.cells.length === 1 ? '' : cellLabel(run, cell), kind === 'link' ? 'link' : bytesShown(bytes), `/${path}`]))
  if (rows.length === 0) return 'No files. A run copies out what --copy-out names.\n'
  return table([{ title: 'CELL', align: 'right' }, { title: 'OF', cutTo: 12 }, { title: 'SIZE', align: 'right' }, { title: 'FILE' }], rows, style)
}

export function runList(runs: readonly Run[], style: Style): string {
  if (runs.length === 0) return 'No runs. Begin with: mayfly template make tiny; mayfly run tiny -- uname -a\n'
  return table(
    [{ title: 'RUN', align: 'right' }, { title: 'STATE' }, { title: 'PASSED', align: 'right' }, { title: 'TEMPLATE', cutTo: 10 }, { title: 'COMMAND', cutTo: 16 }, { title: 'STARTED' }, { title: 'TOOK', align: 'right' }, { title: 'ID' }],
    runs.map((run) => [
      String(run.number),
      stateCell(run.state),
      `${run.cells.filter(({ state }) => state === 'passed').length}/${run.cells.length}`,
      run.template.name,
      run.argv.join(' '),
      timeShown(run.startedAt),
      run.endedAt === null ? '' : seconds(Date.parse(run.endedAt) - Date.parse(run.startedAt)),
      run.id,
    ]),
    style,
  )
}

function stateOf(template: Template): Cell {
  if (template.broken !== null) return { text: `✖ ${template.broken}`, colour: 'red' }
  if (template.checkpoint === null) return { text: '◌ being made', colour: 'blue' }
  return template.outdated ? { text: '▲ its image is newer', colour: 'yellow' } : { text: '✔ ready', colour: 'green' }
}

/** `2, up to 8`. */
function upTo(has: string, most: string): string {
  return has === most ? has : `${has}, up to ${most}`
}

export function templateList(templates: readonly Template[], style: Style): string {
  if (templates.length === 0) return 'No templates. Make one: mayfly template make tiny\n'
  return table(
    [{ title: 'NAME', cutTo: 12 }, { title: 'STATE', cutTo: 10 }, { title: 'CPUS' }, { title: 'MEMORY' }, { title: 'IMAGE', cutTo: 8 }, { title: 'SIZE', align: 'right' }, { title: 'FORKS', align: 'right' }, { title: 'POOL' }, { title: 'MADE' }],
    templates.map((template) => [
      template.name, stateOf(template),
      upTo(String(template.cpus), String(template.ceilings.cpus)), upTo(memoryShown(template.memoryMiB), memoryShown(template.ceilings.memoryMiB)),
      template.image?.name ?? '', bytesShown(template.sizeBytes), String(template.forks),
      `${template.pool.waiting} (${template.pool.wanted})`, template.madeAt === null ? '' : timeShown(template.madeAt),
    ]),
    style,
  )
}

export function templateDetails(template: Template, style: Style): string {
  return facts(
    [
      ['name', template.name], ['id', template.machine], ['state', stateOf(template)], ['ready by', template.ready],
      ['cpus', upTo(String(template.cpus), String(template.ceilings.cpus))], ['memory', upTo(memoryShown(template.memoryMiB), memoryShown(template.ceilings.memoryMiB))],
      ['image', template.image?.name], ['size', bytesShown(template.sizeBytes)], ['forks', String(template.forks)],
      ['pool', `${template.pool.waiting} waiting, ${template.pool.wanted} wanted`], ['made', template.madeAt === null ? undefined : timeShown(template.madeAt)],
    ],
    style,
  )
}
