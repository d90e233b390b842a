/** What five hundred machines cost: the start of an engine, its memory, its list call, and the command line's. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MachineSummary } from '../contract/machine.ts'
import { createEngine } from '../engine/engine.ts'
import { connectInProcess } from '../engine/in-process.ts'
import type { EngineLog } from '../engine/engine-face.ts'
import { nativeFolder } from '../engine/native.ts'
import { engineLock, engineSocket } from '../engine/storage/names.ts'
import { takeEngineLock } from '../hosts/holder/engine-lock.ts'
import type { Bench } from './bench.ts'
import { median, medianDifference } from './figure.ts'
import type { Measured } from './figure.ts'
import { machineCount, makeFleet, runningCount, runningTag } from './fleet.ts'

const adoptRounds = 7
const listRounds = 21
const engineListRounds = 200
const callsBeforeMemory = 50
const fewestRounds = 3
const bytesPerMB = 1_000_000

/** From the spawn of an engine until it has answered with every machine in its state. */
export async function measureAdoption(bench: Bench): Promise<Measured> {
  await makeFleet(bench)
  const samples: number[] = []
  await restartEngine(bench)
  while (samples.length < adoptRounds && (samples.length < fewestRounds || bench.hasTime('adopt'))) {
    bench.say(`adopt: round ${samples.length + 1} of ${adoptRounds}`)
    samples.push(await restartEngine(bench))
  }
  return { value: median(samples), samples: { adoptedMs: samples } }
}

/** Kills the engine and starts another; resolves with the milliseconds until it has answered. */
async function restartEngine(bench: Bench): Promise<number> {
  await bench.home.killEngine()
  const startedAt = performance.now()
  const client = await bench.home.startEngine()
  const machines = await client.machine.list({})
  const tookMs = performance.now() - startedAt
  assertFleet(machines)
  return tookMs
}

/** A fast answer that is wrong is worth nothing. */
function assertFleet(machines: readonly MachineSummary[]): void {
  const [running, adopted] = [machines.filter(({ tags }) => tags.includes(runningTag)), machines.filter(({ pid }) => pid !== null)]
  const wrong = running.filter(({ pid, state, pausedBy }) => pid === null || state !== 'paused' || pausedBy !== 'user')
  if (machines.length === machineCount && adopted.length === runningCount && wrong.length === 0) return
  throw new Error(`The engine lists ${machines.length} machines, ${adopted.length} of them with a process. In a wrong state: ${wrong.map(({ name, state, stateReason }) => `${name} ${state} (${stateReason ?? 'no reason'})`).join(', ')}`)
}

/** Resident memory after adoption and a number of calls. */
export async function measureMemory(bench: Bench): Promise<Measured> {
  await makeFleet(bench)
  await restartEngine(bench)
  const { pid } = await bench.home.engineProcess()
  const afterAdoption = readMemory(pid)
  const client = await bench.home.client()
  for (let call = 0; call < callsBeforeMemory; call++) await client.machine.list({})
  const { residentMB, proportionalMB } = readMemory(pid)
  return { value: residentMB, samples: { residentMB: [afterAdoption.residentMB, residentMB] }, beside: { afterAdoptionMB: afterAdoption.residentMB, calls: callsBeforeMemory, proportionalMB } }
}

/** What the kernel says (proc(5)): the file lists kibibytes, whatever it calls them. */
function readMemory(pid: number): { residentMB: number; proportionalMB: number | null } {
  const field = (text: string, name: string): number | null => {
    const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]
    return kib === undefined ? null : (Number(kib) * 1024) / bytesPerMB
  }
  const residentMB = field(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmRSS')
  if (residentMB === null) throw new Error('The engine is gone.')
  return { residentMB, proportionalMB: field(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'), 'Pss') }
}

/** The bundled command line's whole process, in turns with a Node that does nothing. */
export async function measureList(bench: Bench): Promise<Measured> {
  await makeFleet(bench)
  await restartEngine(bench)
  const cli = join(nativeFolder(), '..', 'cli', 'mayfly.mjs')
  const env = { ...bench.home.env }
  const [mayfly, node]: [number[], number[]] = [[], []]
  await timeProcess([cli, 'list'], env, machineCount)
  await timeProcess(['-e', '0'], env, 0)
  while (mayfly.length < listRounds && (mayfly.length < fewestRounds || bench.hasTime('list'))) {
    if (mayfly.length % 7 === 0) bench.say(`list: round ${mayfly.length + 1} of ${listRounds}`)
    mayfly.push(await timeProcess([cli, 'list'], env, machineCount))
    node.push(await timeProcess(['-e', '0'], env, 0))
  }
  return { value: medianDifference(mayfly, node), samples: { mayflyMs: mayfly, nodeMs: node }, beside: { mayflyMedianMs: median(mayfly), nodeMedianMs: median(node) } }
}

/** From the spawn of a Node to its end, its output read. Throws where it fails or writes fewer lines. */
async function timeProcess(args: readonly string[], env: NodeJS.ProcessEnv, lines: number): Promise<number> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const [status] = (await once(child, 'close')) as [number | null]
  const tookMs = performance.now() - startedAt
  const written = Buffer.concat(chunks).toString('utf8').split('\n').length
  if (status !== 0 || written <= lines) throw new Error(`node ${args.join(' ')} ended with ${status} after ${written} lines.`)
  return tookMs
}

/** The call alone, in this process: through the router, with input and output validated. */
export async function measureEngineList(bench: Bench): Promise<Measured> {
  await makeFleet(bench)
  await bench.home.killEngine()
  const { folders } = bench.home
  const log: EngineLog = { info: () => undefined, bug: (_reference, error) => bench.say(String(error)) }
  const lock = takeEngineLock(engineLock(folders), { holder: 'bench', version: 'bench', socket: engineSocket(folders) })
  if (lock === null) throw new Error('Another engine holds the bench\'s folder.')
  try {
    const face = await createEngine({ folders, log, holder: 'bench' })
    const { client } = connectInProcess(face, log)
    const samples: number[] = []
    bench.say(`engine-list: ${engineListRounds} calls`)
    for (let call = 0; call < engineListRounds; call++) {
      const startedAt = performance.now()
      const machines = await client.machine.list({})
      samples.push(performance.now() - startedAt)
      assertFleet(machines)
    }
    await face.close()
    return { value: median(samples), samples: { firstCallsMs: samples.slice(0, 20) }, beside: { firstCallMs: samples[0] ?? null, slowestOfAllMs: Math.max(...samples), calls: samples.length } }
  } finally {
    lock.release()
  }
}
