/**
 * From an event's own time stamp, which QEMU takes in microseconds, to the moment in which a
 * reader of `mayfly watch` has its line. The events are made by pressing a halted machine's
 * buttons: reset (RESET), its CPUs going on by that (RESUME), pause (STOP).
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { EngineEvent } from '../contract/event.ts'
import type { EngineClient } from '../engine/engine-face.ts'
import { nativeFolder } from '../engine/native.ts'
import type { Bench } from './bench.ts'
import { median } from './figure.ts'
import type { Measured } from './figure.ts'
import { bootingMachine } from './fleet.ts'
import { until } from './until.ts'

const rounds = 25
const fewestRounds = 5
const kinds = ['RESET', 'RESUME', 'STOP'] as const
type Kind = (typeof kinds)[number]

interface Seen {
  readonly event: EngineEvent
  readonly atMs: number
}

/** The median over all events; the first round warms up and does not count. */
export async function measureEvent(bench: Bench): Promise<Measured> {
  const client = await bench.home.client()
  const { id: machine } = await bootingMachine(bench)
  await client.machine.start({ machine })
  await client.machine.pause({ machine })
  const watcher = spawn(process.execPath, [join(nativeFolder(), '..', 'cli', 'mayfly.mjs'), 'watch', '--json'], { env: bench.home.env, stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(watcher, 'close')
  try {
    const seen: Seen[] = []
    let clock = wallClock()
    createInterface({ input: watcher.stdout }).on('line', (line) => seen.push({ atMs: clock(), event: JSON.parse(line) as EngineEvent }))
    await until(() => seen.length > 0, 'the watcher has its snapshot')

    const arrivals: Record<Kind, number[]> = { RESET: [], RESUME: [], STOP: [] }
    const begunAtMs = clock()
    for (let round = 0; round <= rounds && (round <= fewestRounds || bench.hasTime('event')); round++) {
      if (round % 10 === 0) bench.say(`event: round ${round + 1} of ${rounds + 1}`)
      clock = wallClock()
      const from = seen.length
      const arrival = async (matches: (event: EngineEvent) => boolean, what: string): Promise<number> => {
        const find = (): Seen | undefined => seen.slice(from).find(({ event }) => matches(event))
        await until(() => find() !== undefined, `the watcher is told that the machine ${what}`)
        return find()?.atMs ?? Number.NaN
      }
      await client.machine.reset({ machine })
      arrivals.RESET.push(await arrival((event) => event.type === 'machine.happened' && event.what === 'reset', 'was reset'))
      arrivals.RESUME.push(await arrival((event) => event.type === 'machine.changed' && event.machine.state === 'running', 'goes on'))
      await client.machine.pause({ machine })
      arrivals.STOP.push(await arrival((event) => event.type === 'machine.changed' && event.machine.state === 'paused', 'is paused'))
    }

    const told = await readTimestamps(client, machine, begunAtMs)
    const samples = Object.fromEntries(kinds.map((kind) => [kind, latencies(kind, told[kind], arrivals[kind]).slice(1)])) as Record<Kind, number[]>
    const all = Object.values(samples).flat()
    return {
      value: median(all),
      samples: { resetMs: samples.RESET, resumeMs: samples.RESUME, stopMs: samples.STOP },
      beside: { resetMedianMs: median(samples.RESET), resumeMedianMs: median(samples.RESUME), stopMedianMs: median(samples.STOP), slowestMs: Math.max(...all) },
    }
  } finally {
    watcher.kill('SIGTERM')
    await closed
    await client.machine.stop({ machine, force: true })
  }
}

function latencies(kind: Kind, told: readonly number[], arrived: readonly number[]): number[] {
  if (told.length !== arrived.length) throw new Error(`QEMU told ${told.length} times of ${kind}, the watcher ${arrived.length} times.`)
  return arrived.map((atMs, index) => atMs - (told[index] ?? Number.NaN))
}

/** When QEMU itself says that its events were, from the engine's record of the conversation. */
async function readTimestamps(client: EngineClient, machine: string, sinceMs: number): Promise<Record<Kind, number[]>> {
  const { text } = await client.machine.log({ machine, source: 'qmp', tailBytes: 4 * 1024 * 1024 })
  const found: Record<Kind, number[]> = { RESET: [], RESUME: [], STOP: [] }
  for (const line of text.split('\n')) {
    const message = /^\S+ <- (\{.*"event".*\})$/.exec(line)?.[1]
    if (message === undefined) continue
    const { event, data, timestamp } = JSON.parse(message) as { event: string; data?: { guest?: boolean }; timestamp: { seconds: number; microseconds: number } }
    // The firmware of a guest that goes on resets it once more by itself.
    if (data?.guest === true) continue
    const atMs = timestamp.seconds * 1000 + timestamp.microseconds / 1000
    const kind = kinds.find((candidate) => candidate === event)
    if (kind !== undefined && atMs >= sinceMs) found[kind].push(atMs)
  }
  return found
}

/** The host's clock with microseconds: `Date.now()` counts whole milliseconds, so its next tick is waited for. */
function wallClock(): () => number {
  const before = Date.now()
  let tick = Date.now()
  while (tick === before) tick = Date.now()
  const offsetMs = tick - performance.now()
  return () => performance.now() + offsetMs
}
