/**
 * Forks against a bare script, with UEFI, with a pool, their first commands, and fifty at once. Where a
 * figure is a ratio, both sides are measured in turns, so that a load of the host weighs on both.
 */
import type { EngineClient } from '../engine/engine-face.ts'
import { proportionalBytes } from '../engine/qemu/process/process-identity.ts'
import { BareParent } from './bare-fork.ts'
import type { Bench } from './bench.ts'
import { type FigureName, type Measured, median, medianDifference } from './figure.ts'
import { bootingMachine } from './fleet.ts'
import { forkOnce, idle, type OneFork, runningMachine, type SavedMachine } from './saved-machines.ts'
import { until } from './until.ts'

const rounds = 15
const fewestRounds = 3
const bareTwin: SavedMachine = { ...idle, name: 'saves-bare' }

/** In turns, beginning with another each time; the first of each warms caches and does not count. */
async function inTurns<T>(bench: Bench, figure: FigureName, sides: readonly (() => Promise<T>)[]): Promise<T[][]> {
  for (const side of sides) await side()
  const taken: T[][] = sides.map(() => [])
  for (let round = 0; round < rounds && (round < fewestRounds || bench.hasTime(figure)); round++) {
    for (const index of round % 2 === 0 ? sides.keys() : [...sides.keys()].reverse()) taken[index]?.push(await (sides[index] as () => Promise<T>)())
  }
  return taken
}

const readyOf = (forks: readonly OneFork[] = []): number[] => forks.map(({ readyMs }) => readyMs)

/** The same machine twice: one of Mayfly's, and one that was started by hand. */
export async function measureForkBare(bench: Bench): Promise<Measured> {
  const client = await runningMachine(bench, idle)
  await runningMachine(bench, bareTwin)
  const bare = await BareParent.boot(bench.home, client, bareTwin.name)
  try {
    const [forks = [], byHand = []] = await inTurns(bench, 'fork-bare', [() => forkOnce(client, idle.name), async () => {
      const { totalMs, pauseMs } = await bare.fork()
      return { readyMs: totalMs, pauseMs }
    }])
    const [mayflyMs, bareMs] = [readyOf(forks), readyOf(byHand)]
    return {
      value: median(mayflyMs) / median(bareMs),
      samples: { mayflyMs, bareMs },
      beside: { mayflyMedianMs: median(mayflyMs), bareMedianMs: median(bareMs), differenceMs: medianDifference(mayflyMs, bareMs), mayflyPauseMs: median(forks.map(({ pauseMs }) => pauseMs)), barePauseMs: median(byHand.map(({ pauseMs }) => pauseMs)) },
    }
  } finally {
    await bare.close()
    await client.machine.delete({ machine: bareTwin.name, force: true })
  }
}

/** Firmware has more state, and its variables are copied. */
export async function measureForkUefi(bench: Bench): Promise<Measured> {
  const client = await bench.home.client()
  await bootingMachine(bench)
  bench.say('Booting a machine with UEFI ...')
  await client.machine.create({ name: 'uefi', image: 'tiny', memoryMiB: 1024, cpus: 2, firmware: 'uefi', start: true })
  await client.machine.wait({ machine: 'uefi', for: 'agent', timeoutMs: 180_000 })
  const [forks = []] = await inTurns(bench, 'fork-uefi', [() => forkOnce(client, 'uefi')])
  await client.machine.delete({ machine: 'uefi', force: true })
  return { value: median(readyOf(forks)), samples: { ms: readyOf(forks) } }
}

/** A template of the tiny image. */
export async function tinyTemplate(bench: Bench): Promise<EngineClient> {
  const client = await bench.home.client()
  await bootingMachine(bench)
  if ((await client.template.list({})).some(({ name }) => name === 'bench')) return client
  const job = await client.job.wait({ job: (await client.template.make({ name: 'bench', image: 'tiny', memoryMiB: 256, cpus: 1 })).id })
  if (job.state !== 'done') throw new Error(`The template could not be made: ${job.error?.message ?? job.state}`)
  return client
}

/** Whether so many processes wait for forks of it. */
export const isWarm = async (client: EngineClient, count: number): Promise<boolean> => ((await client.template.list({})).find(({ name }) => name === 'bench')?.pool.waiting ?? 0) >= count

/** With a process waiting. */
export async function measureForkWarm(bench: Bench): Promise<Measured> {
  const client = await tinyTemplate(bench)
  await client.template.setPool({ template: 'bench', wanted: '1' })
  const [forks = []] = await inTurns(bench, 'fork-warm', [async () => {
    await until(() => isWarm(client, 1), 'a fork waits')
    return forkOnce(client, 'bench')
  }])
  await client.template.setPool({ template: 'bench', wanted: '0' })
  return { value: median(readyOf(forks)), samples: { ms: readyOf(forks) } }
}

/** The first command in a fresh fork, for which emulated code is translated, and the tenth. */
export async function measureForkFirst(bench: Bench): Promise<Measured> {
  const client = await tinyTemplate(bench)
  const tenth: number[] = []
  const [firsts = []] = await inTurns(bench, 'fork-first', [async () => {
    const { forks } = await client.machine.fork({ machine: 'bench', throwaway: true })
    const machine = forks[0]?.machine.id ?? ''
    const times: number[] = []
    for (let command = 0; command < 10; command++) {
      const startedAt = performance.now()
      await client.guest.run({ machine, argv: ['true'] })
      times.push(performance.now() - startedAt)
    }
    tenth.push(times[9] ?? 0)
    await client.machine.stop({ machine, force: true })
    return times[0] ?? 0
  }])
  return { value: median(firsts), samples: { firstMs: firsts, tenthMs: tenth }, beside: { tenthMedianMs: median(tenth) } }
}

/** Fifty forks of the tiny template, all running. */
export async function measureFifty(bench: Bench): Promise<Measured> {
  const client = await tinyTemplate(bench)
  const startedAt = performance.now()
  const { forks } = await client.machine.fork({ machine: 'bench', count: 50, name: 'fifty-{n}', throwaway: true })
  const allMs = performance.now() - startedAt
  const megabytes = forks.flatMap(({ machine }) => {
    const bytes = machine.pid === null ? null : proportionalBytes(machine.pid)
    return bytes === null ? [] : [bytes / 1e6]
  })
  await Promise.all(forks.map(({ machine }) => client.machine.stop({ machine: machine.id, force: true })))
  return { value: allMs, samples: { eachMB: megabytes, readyMs: forks.map(({ readyMs }) => readyMs) }, beside: { meanMB: megabytes.reduce((sum, one) => sum + one, 0) / Math.max(1, megabytes.length), count: megabytes.length } }
}
