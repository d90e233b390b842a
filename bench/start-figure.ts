/**
 * Mayfly's start against bare QEMU: the same binary, arguments, environment, files and kind of
 * RAM, in turns, so that a load of the host weighs on both. Both are watched in the same way,
 * through the log of the serial port that QEMU itself writes.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, statSync, truncateSync, watch } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { EngineClient } from '../engine/engine-face.ts'
import { loadNative } from '../engine/native.ts'
import { inheritedRamPath } from '../engine/qemu/process/launch-qemu.ts'
import { machineFolderNames, machineRuntimeNames } from '../engine/storage/names.ts'
import type { Bench } from './bench.ts'
import { median, medianDifference } from './figure.ts'
import type { Measured } from './figure.ts'
import { bootingMachine } from './fleet.ts'

const rounds = 9
const fewestRounds = 3
/** A guest that says nothing for this long is not going to. */
const firstByteWithinMs = 60_000

interface BareQemu {
  readonly binary: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly ramBytes: number
  readonly serialLog: string
  readonly qemuLog: string
  readonly runtimeFolder: string
}

/** Interleaved starts; the first of each kind warms the host's caches and does not count. */
export async function measureStart(bench: Bench): Promise<Measured> {
  const client = await bench.home.client()
  const { id, memoryMiB } = await bootingMachine(bench)
  const names = machineFolderNames((await client.machine.show({ machine: id })).folder)
  const launch = await startByMayfly(client, id, names.serialLog)
  const bare = { ...launch.started, ramBytes: memoryMiB * 1024 * 1024, serialLog: names.serialLog, qemuLog: names.qemuLog, runtimeFolder: machineRuntimeNames(bench.home.folders, id).folder }
  await startBare(bare)

  const [mayfly, qemu, calls]: [number[], number[], number[]] = [[], [], []]
  while (mayfly.length < rounds && (mayfly.length < fewestRounds || bench.hasTime('start'))) {
    bench.say(`start: round ${mayfly.length + 1} of ${rounds}`)
    const byMayfly = async (): Promise<void> => {
      const { firstByteMs, callMs } = await startByMayfly(client, id, names.serialLog)
      mayfly.push(firstByteMs)
      calls.push(callMs)
    }
    const byHand = async (): Promise<void> => void qemu.push(await startBare(bare))
    // Whoever comes second finds a warmer host: take turns.
    for (const one of mayfly.length % 2 === 0 ? [byMayfly, byHand] : [byHand, byMayfly]) await one()
  }
  return {
    value: median(mayfly) / median(qemu),
    samples: { mayflyMs: mayfly, bareQemuMs: qemu, mayflyCallMs: calls },
    beside: { mayflyMedianMs: median(mayfly), bareQemuMedianMs: median(qemu), differenceMs: medianDifference(mayfly, qemu), mayflyCallMedianMs: median(calls) },
  }
}

/** One start through the engine; the machine is off afterwards. */
async function startByMayfly(client: EngineClient, machine: string, serialLog: string) {
  const firstByte = watchFirstByte(serialLog)
  const startedAt = performance.now()
  const { pid } = await client.machine.start({ machine })
  const callMs = performance.now() - startedAt
  if (pid === null) throw new Error('A machine that was started has a process.')
  const started = readProcess(pid)
  const firstByteMs = (await firstByte) - startedAt
  await client.machine.stop({ machine, force: true })
  return { firstByteMs, callMs, started }
}

/** How a process was started (proc(5)), with its CPUs let go from the beginning. */
function readProcess(pid: number): Pick<BareQemu, 'binary' | 'args' | 'env'> {
  const strings = (file: string): string[] => readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0').slice(0, -1)
  const [binary, ...args] = strings('cmdline')
  if (binary === undefined) throw new Error(`Process ${pid} has no command line.`)
  // Bare QEMU knows nothing of our memory library.
  const env = Object.fromEntries(strings('environ').map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)] as const).filter(([name]) => name !== 'LD_PRELOAD' && !name.startsWith('MAYFLY_RAM_')))
  if (!args.some((argument) => argument.includes(inheritedRamPath))) throw new Error('QEMU was not given its RAM as the bench hands it over.')
  return { binary, args: args.filter((argument) => argument !== '-S'), env }
}

/** One start by hand; nothing of it is left afterwards. */
async function startBare(bare: BareQemu): Promise<number> {
  await mkdir(bare.runtimeFolder, { recursive: true, mode: 0o700 })
  truncateSync(bare.serialLog)
  const log = openSync(bare.qemuLog, 'a', 0o600)
  const ram = loadNative().memfdCreate('mayfly-bench', bare.ramBytes)
  const firstByte = watchFirstByte(bare.serialLog)
  const startedAt = performance.now()
  const qemu = spawn(bare.binary, bare.args, { env: bare.env, cwd: bare.runtimeFolder, stdio: ['ignore', log, log, ram] })
  closeSync(log)
  closeSync(ram)
  const ended = once(qemu, 'exit')
  const firstByteAt = await Promise.race([firstByte, ended.then(() => null)])
  qemu.kill('SIGKILL')
  await ended
  await rm(bare.runtimeFolder, { recursive: true, force: true })
  if (firstByteAt === null) throw new Error(`QEMU ended before its guest said anything; see ${bare.qemuLog}.`)
  return firstByteAt - startedAt
}

/** Resolves with the moment in which the file has got its first byte; text from before the call does not count. */
function watchFirstByte(path: string): Promise<number> {
  const size = (): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0
  return new Promise((resolve, reject) => {
    let before = size()
    const watcher = watch(dirname(path), () => {
      const now = performance.now()
      const bytes = size()
      // The text of the boot before is cut off first.
      if (bytes < before) before = 0
      if (before > 0 || bytes === 0) return
      finish()
      resolve(now)
    })
    const timer = setTimeout(() => {
      finish()
      reject(new Error(`The guest said nothing within ${firstByteWithinMs} ms.`))
    }, firstByteWithinMs)
    const finish = (): void => {
      clearTimeout(timer)
      watcher.close()
    }
  })
}

