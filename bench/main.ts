/**
 * `npm run bench`: the figures that Mayfly is held to, as JSON on stdout. Figures are figures,
 * not tests: a figure that is missed is printed like the others, and only one that could not be
 * measured makes this fail. `-- --only start,list` measures some of them; `--part windows` and
 * `--part engine` are for build/bench.mjs, which lets them run as different users.
 */
import { cpus, loadavg, release, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { mayflyVersion } from '../engine/version.ts'
import { BenchHome } from './bench-home.ts'
import { measureAppStart } from './app-start-figure.ts'
import type { Bench } from './bench.ts'
import { measureEvent } from './event-figure.ts'
import { figureNames, goals, isInWindows, judge, unmeasured } from './figure.ts'
import type { Figure, FigureName, Measured } from './figure.ts'
import { measureAdoption, measureEngineList, measureList, measureMemory } from './fleet-figures.ts'
import { measureFlood } from './flood-figure.ts'
import { measureFifty, measureForkBare, measureForkFirst, measureForkUefi, measureForkWarm } from './hatch-figures.ts'
import { measureFork, measureForkOfFork, measureForkSize, measurePause, measurePauseDisk, measureRestore, measureStorage } from './fork-figures.ts'
import { measureHeap, measureIdle, measureScripts } from './page-figures.ts'
import { measureKey, measureScreenRate } from './screen-figures.ts'
import { measureRun } from './run-figure.ts'
import { deleteSavedMachines } from './saved-machines.ts'
import { measureScroll } from './scroll-figure.ts'
import { measureStart } from './start-figure.ts'

/** After this nothing more is measured. */
const endAfterMs = 900_000
/** How long each figure may begin new rounds. */
const shareMs: Record<FigureName, number> = { start: 110_000, event: 30_000, adopt: 60_000, memory: 20_000, list: 30_000, 'engine-list': 20_000, flood: 30_000, fork: 30_000, 'fork-bare': 40_000, 'fork-uefi': 20_000, 'fork-warm': 30_000, 'fork-first': 30_000, 'fork-fifty': 60_000, run: 45_000, 'fork-size': 60_000, 'fork-of-fork': 30_000, pause: 60_000, 'pause-disk': 40_000, restore: 60_000, 'ram-storage': 120_000, 'window-start': 90_000, 'window-scripts': 20_000, 'window-scroll': 60_000, 'window-heap': 180_000, 'window-screen': 60_000, 'window-key': 90_000, 'window-idle': 120_000 }

/** In this order: the machine that boots comes first, and the call in this process last, because it needs the engine's lock. */
const measurements: readonly (readonly [FigureName, (bench: Bench) => Promise<Measured>])[] = [
  ['start', measureStart],
  ['event', measureEvent],
  ['flood', measureFlood],
  ['window-scripts', measureScripts],
  ['window-start', measureAppStart],
  ['window-heap', measureHeap],
  ['window-screen', measureScreenRate],
  ['window-key', measureKey],
  ['window-idle', measureIdle],
  ['fork', measureFork],
  ['fork-bare', measureForkBare],
  ['fork-uefi', measureForkUefi],
  ['fork-warm', measureForkWarm],
  ['run', measureRun],
  ['fork-first', measureForkFirst],
  ['fork-fifty', measureFifty],
  ['fork-of-fork', measureForkOfFork],
  ['pause', measurePause],
  ['pause-disk', measurePauseDisk],
  ['fork-size', measureForkSize],
  ['restore', measureRestore],
  ['ram-storage', measureStorage],
  ['adopt', alone(measureAdoption)],
  ['memory', alone(measureMemory)],
  ['list', alone(measureList)],
  ['window-scroll', measureScroll],
  ['engine-list', alone(measureEngineList)],
]

const wanted = wantedFigures()
if (wanted.length === 0) {
  console.log('null')
  process.exit(0)
}
const stop = new AbortController()
const stopped = new Promise<never>((_resolve, reject) => stop.signal.addEventListener('abort', () => reject(new Error(String(stop.signal.reason)))))
stopped.catch(() => undefined)
const timer = setTimeout(() => stop.abort('The time of the whole bench was over.'), endAfterMs)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort(`Ended by ${signal}.`))

const loadBefore = loadavg()
const startedAt = performance.now()
const say = (line: string): void => console.error(`${((performance.now() - startedAt) / 1000).toFixed(0).padStart(4)} s  ${line}`)
const home = await BenchHome.make()
const figures = new Map<FigureName, Figure>()
let host: unknown = null
try {
  host = await Promise.race([describeHost(), stopped]).catch((error: unknown) => String(error))
  for (const [name, measure] of measurements) {
    if (!wanted.includes(name)) continue
    figures.set(name, await figureOf(name, measure))
  }
} finally {
  clearTimeout(timer)
  await home.close()
}
const ordered = figureNames.flatMap((name) => figures.get(name) ?? [])
console.log(JSON.stringify({ at: new Date().toISOString(), seconds: Math.round((performance.now() - startedAt) / 1000), host, load: { before: loadBefore, after: loadavg() }, figures: ordered }, null, 2))
process.exit(ordered.every(({ met }) => met !== null) ? 0 : 1)

/** Without the machines of other figures. */
function alone(measure: (bench: Bench) => Promise<Measured>): (bench: Bench) => Promise<Measured> {
  return async (bench) => {
    await deleteSavedMachines(bench)
    return measure(bench)
  }
}

async function figureOf(name: FigureName, measure: (bench: Bench) => Promise<Measured>): Promise<Figure> {
  const goal = goals[name]
  if (stop.signal.aborted) return unmeasured(goal, String(stop.signal.reason))
  const until = performance.now() + shareMs[name]
  const bench: Bench = { home, say, hasTime: () => performance.now() < until }
  try {
    const figure = judge(goal, await Promise.race([measure(bench), stopped]))
    say(`${name}: ${figure.value} ${goal.unit === 'ratio' ? '' : goal.unit} (must ${goal.must}, aim ${goal.aim}): ${figure.met}`)
    return figure
  } catch (error) {
    say(`${name}: could not be measured: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    return unmeasured(goal, error instanceof Error ? error.message : String(error))
  }
}

function wantedFigures(): readonly FigureName[] {
  try {
    const { only, part } = parseArgs({ options: { only: { type: 'string' }, part: { type: 'string' } } }).values
    const asked = only === undefined ? figureNames : only.split(',').map(figureCalled)
    return part === undefined ? asked : asked.filter((name) => isInWindows(name) === (part === 'windows'))
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    process.exit(2)
  }
}

function figureCalled(word: string): FigureName {
  const name = figureNames.find((candidate) => candidate === word)
  if (name === undefined) throw new Error(`There is no figure called ${word}. There are: ${figureNames.join(', ')}.`)
  return name
}

async function describeHost(): Promise<unknown> {
  const { os, qemu, accelerator } = await (await home.client()).host.show({})
  return { os, kernel: release(), cpuModel: cpus()[0]?.model ?? 'unknown', cpus: cpus().length, memoryBytes: totalmem(), accelerator, versions: { mayfly: mayflyVersion, node: process.versions.node, qemu: qemu?.version ?? null, libvirt: null } }
}
