/** Processes that treat their RAM as QEMU does, with the RAM library in them, and no guest that would be slow. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { makeRandomId } from '../../jobs/random-id.ts'
import { loadNative } from '../../native.ts'
import { describeRam, type FrozenRam, freezeRam, layRam, openRamLayer, prepareRamLaunch, ramLayerExtents } from './ram-library.ts'
import { type OpenRamLayer, ramPageBytes } from './ram-layer.ts'

const source = fileURLToPath(new URL('../../../native/ram-trial/trial.c', import.meta.url))

export async function buildTrial(folder: string): Promise<string> {
  const program = join(folder, 'trial')
  await promisify(execFile)('cc', ['-std=gnu17', '-O2', '-Wall', '-Wextra', '-Werror', '-o', program, source])
  return program
}

export class RamTrial {
  readonly socket: string
  readonly layers: OpenRamLayer[]
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>

  private constructor(child: ChildProcess, socket: string, layers: readonly OpenRamLayer[]) {
    this.#child = child
    this.socket = socket
    this.layers = [...layers]
    if (child.stdout === null) throw new Error('A trial speaks.')
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  }

  /** Starts one with its memory mapped before it is told what it begins from. */
  static async startAhead(program: string, folder: string, pages: number, layers: readonly OpenRamLayer[]): Promise<RamTrial> {
    const trial = await RamTrial.start(program, folder, pages)
    await layRam(trial.socket, pages * ramPageBytes, layers)
    trial.layers.push(...layers)
    return trial
  }

  /** Starts one with its memory mapped. */
  static async start(program: string, folder: string, pages: number, layers: readonly OpenRamLayer[] = []): Promise<RamTrial> {
    const ramBytes = pages * ramPageBytes
    const socket = join(folder, `${makeRandomId()}.sock`)
    const ramFd = loadNative().memfdCreate('mayfly-test-ram', ramBytes)
    const ram = prepareRamLaunch({ socket, ramBytes, layers })
    try {
      const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit', ramFd, ...ram.descriptors], env: { ...process.env, ...ram.qemuEnv } })
      await once(child, 'spawn')
      const trial = new RamTrial(child, socket, layers)
      await trial.do('map')
      return trial
    } finally {
      ram.close()
      closeSync(ramFd)
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** One command, one answer. */
  async ask(command: string): Promise<string> {
    this.#child.stdin?.write(`${command}\n`)
    const line = await this.#lines.next()
    if (line.done === true) throw new Error(`The trial ended at ${command} with ${this.#child.exitCode ?? this.#child.signalCode ?? ''}.`)
    return line.value
  }

  async do(command: string): Promise<void> {
    const answer = await this.ask(command)
    if (answer !== 'done') throw new Error(`${command}: ${answer}`)
  }

  /** What each page holds. */
  async read(): Promise<number[]> {
    const text = await this.ask('read')
    if (text.startsWith('?')) throw new Error(text)
    return text.trim().split(' ').flatMap((run) => {
      const [count, value] = run.split('x').map(Number)
      return Array.from({ length: count ?? 0 }, () => value ?? Number.NaN)
    })
  }

  async freeze(): Promise<FrozenRam> {
    const id = makeRandomId()
    const frozen = await freezeRam(this.socket, id)
    this.layers.push({ id, descriptor: openRamLayer(this.pid, frozen.qemuDescriptor), extents: frozen.extents })
    return frozen
  }

  /** Its pile as it says itself, opened anew; what was held before is the caller's. */
  async openPile(): Promise<OpenRamLayer[]> {
    const { layers } = await describeRam(this.socket)
    return Promise.all(layers.map(async ({ id, qemuDescriptor }) => ({ id, descriptor: openRamLayer(this.pid, qemuDescriptor), extents: await ramLayerExtents(this.socket, id) })))
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}
