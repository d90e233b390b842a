/**
 * A Mayfly of the bench's own: its folder lies in the temporary folder and goes with the bench,
 * with every process that was started from it. Only what can be made again, such as the tiny
 * image, is shared with the user's Mayfly, so that it is not built anew each time.
 */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EngineClient } from '../engine/engine-face.ts'
import { identifyProcess, isAlive, signalProcess } from '../engine/qemu/process/process-identity.ts'
import type { ProcessIdentity } from '../engine/qemu/process/process-identity.ts'
import { resolveFolders } from '../engine/storage/folders.ts'
import type { Folders } from '../engine/storage/folders.ts'
import { engineSocket } from '../engine/storage/names.ts'
import { startEngine } from '../hosts/holder/start-engine.ts'
import { connectEngine } from '../hosts/socket/client.ts'
import type { SocketConnection } from '../hosts/socket/client.ts'
import { until } from './until.ts'

const startWithinMs = 30_000

export class BenchHome {
  readonly root: string
  readonly env: NodeJS.ProcessEnv
  readonly folders: Folders
  #connection: SocketConnection | null = null
  #engine: ProcessIdentity | null = null

  private constructor(root: string, env: NodeJS.ProcessEnv) {
    this.root = root
    this.env = { ...process.env, MAYFLY_HOME: root, NO_COLOR: '1', ...env }
    this.folders = resolveFolders(this.env)
  }

  static async make(): Promise<BenchHome> {
    const home = new BenchHome(await makeRoot(), {})
    const shared = process.env['MAYFLY_BENCH_CACHE'] ?? resolveFolders().cache
    await mkdir(shared, { recursive: true, mode: 0o700 })
    await symlink(shared, home.folders.cache)
    return home
  }

  /** One whose QEMU is a program of the bench's own; it learns and keeps nothing. */
  static async makeApart(env: (root: string) => Promise<NodeJS.ProcessEnv>): Promise<BenchHome> {
    const root = await makeRoot()
    return new BenchHome(root, await env(root))
  }

  /** Starts a detached engine and connects to it. Resolves when it listens. */
  async startEngine(): Promise<EngineClient> {
    const outcome = await startEngine({ folders: this.folders, env: this.env, withinMs: startWithinMs })
    if (outcome !== 'ready') throw new Error('Another engine holds the bench\'s folder.')
    this.#connection = connectEngine(engineSocket(this.folders))
    return this.#connection.client
  }

  /** The engine's client; starts an engine where the bench has none. */
  async client(): Promise<EngineClient> {
    return this.#connection?.client ?? this.startEngine()
  }

  /** The process of the engine that answers. */
  async engineProcess(): Promise<ProcessIdentity> {
    if (this.#engine !== null && isAlive(this.#engine)) return this.#engine
    const engine = identifyProcess((await (await this.client()).engine.info({})).pid)
    if (engine === null) throw new Error('The engine is gone.')
    this.#engine = engine
    return engine
  }

  /** The process of the engine this bench started; null where it started none. */
  async runningEngine(): Promise<ProcessIdentity | null> {
    return this.#connection === null ? null : this.engineProcess()
  }

  /** Kills the engine without a word; its machines run on. */
  async killEngine(): Promise<void> {
    if (this.#connection === null) return
    const engine = await this.engineProcess()
    signalProcess(engine, 'SIGKILL')
    // Its lock is held until its last thread is gone, which may be after its first; the next engine must find it free.
    await until(() => !existsSync(`/proc/${engine.pid}`), 'the engine is gone')
    await this.#connection.close()
    this.#connection = null
  }

  /** Ends every process that was started from this folder, and removes it. */
  async close(): Promise<void> {
    await this.#connection?.close()
    this.#connection = null
    await until(async () => {
      const left = await this.#processes()
      for (const one of left) signalProcess(one, 'SIGKILL')
      return left.length === 0
    }, 'no process is left')
    await rm(this.root, { recursive: true, force: true, maxRetries: 5 })
  }

  /** Processes with this folder in their command line or environment: engines, keepers, QEMUs, tools. */
  async #processes(): Promise<ProcessIdentity[]> {
    const found: ProcessIdentity[] = []
    for (const name of await readdir('/proc')) {
      const pid = Number(name)
      if (!Number.isInteger(pid) || pid === process.pid) continue
      const text = await Promise.all(['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '')))
      const identity = text.some((part) => part.includes(this.root)) ? identifyProcess(pid) : null
      if (identity !== null) found.push(identity)
    }
    return found
  }
}

/** A socket's path may have 103 bytes, and some temporary folders are deep. */
function makeRoot(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'mfb-'))
}
