/**
 * One Mayfly of its own for a test: a folder for everything, an engine in this process or a
 * detached one, and the tiny image. Closing it ends what it started and proves that nothing is left.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ErrorCode } from '../../contract/errors.ts'
import { isMayflyError } from '../../contract/errors.ts'
import type { Job } from '../../contract/job.ts'
import type { MachineSummary } from '../../contract/machine.ts'
import { createEngine } from '../../engine/engine.ts'
import type { EngineClient, EngineConnection, EngineFace, EngineLog } from '../../engine/engine-face.ts'
import { testCacheDir } from '../../engine/images/tiny/test-image.fixture.ts'
import { connectInProcess } from '../../engine/in-process.ts'
import { findByArgument, identifyProcess, isAlive, signalProcess } from '../../engine/qemu/process/process-identity.ts'
import { type Folders, makeFolders, resolveFolders } from '../../engine/storage/folders.ts'
import { engineLock, engineSocket, promisesFile } from '../../engine/storage/names.ts'
import { takeEngineLock } from '../../hosts/holder/engine-lock.ts'
import type { EngineLock } from '../../hosts/holder/engine-lock.ts'
import { ensureEngine } from '../../hosts/holder/ensure-engine.ts'
import { endWaker } from '../../hosts/holder/waker.ts'
import { until } from '../conformance/until.ts'


export class TestHome {
  readonly root: string
  readonly env: NodeJS.ProcessEnv
  readonly folders: Folders
  /** What the engine logged as bugs; a test that expects none leaves it alone. */
  readonly bugs: unknown[] = []
  #face: EngineFace | null = null
  #lock: EngineLock | null = null
  #connection: EngineConnection | null = null

  private constructor(root: string) {
    this.root = root
    this.env = { ...process.env, MAYFLY_HOME: root, MAYFLY_IDLE_SECONDS: '600' }
    this.folders = resolveFolders(this.env)
  }

  /** Makes the folder. What can be downloaded or measured again is shared by all test homes. */
  static async make(parent = tmpdir()): Promise<TestHome> {
    const home = new TestHome(await mkdtemp(join(parent, 'mf-')))
    const cache = join(testCacheDir, 'home')
    await mkdir(cache, { recursive: true })
    await symlink(cache, join(home.root, 'cache'))
    return home
  }

  /** One with an engine in this process and the tiny image, or nothing. `parent`: where its folder shall be. */
  static async withTiny(parent?: string): Promise<{ home: TestHome; client: EngineClient }> {
    const home = await TestHome.make(parent)
    try {
      const client = await home.open()
      await home.buildTiny(client)
      return { home, client }
    } catch (error) {
      await home.close()
      throw error
    }
  }

  /** Starts an engine in this process, or again after `closeEngine`. It leaves no waker, and ends the one that an engine before it left. */
  async open(): Promise<EngineClient> {
    makeFolders(this.folders)
    await until(() => {
      this.#lock ??= takeEngineLock(engineLock(this.folders), { holder: 'test', version: 'test', socket: engineSocket(this.folders) })
      return this.#lock !== null
    }, 'no other engine is there', 30_000)
    endWaker(this.folders)
    // One that was just being started is not known by its lock.
    const wakers = findByArgument(promisesFile(this.folders))
    for (const waker of wakers) signalProcess(waker, 'SIGTERM')
    await until(() => !wakers.some(isAlive), 'no waker is there')
    const log: EngineLog = { info: () => undefined, bug: (_reference, error) => this.bugs.push(error) }
    this.#face = await createEngine({ folders: this.folders, log, holder: 'test' })
    this.#connection = connectInProcess(this.#face, log)
    return this.#connection.client
  }

  /** Starts a detached engine, as the command line does. */
  async openDetached(): Promise<EngineClient> {
    this.#connection = await ensureEngine({ folders: this.folders, env: this.env, onFrozen: () => Promise.resolve('take-over') })
    return this.#connection.client
  }

  get connection(): EngineConnection {
    if (this.#connection === null) throw new Error('No engine is open.')
    return this.#connection
  }

  /** Lets go of the engine as its holder would in order; machines run on. */
  async closeEngine(): Promise<void> {
    await this.#connection?.close()
    await this.#face?.close()
    this.#connection = null
    this.#face = null
    this.#lock?.release()
    this.#lock = null
  }

  /** Kills the detached engine without a word. */
  async killEngine(client: EngineClient): Promise<void> {
    const { pid } = await client.engine.info({})
    await this.#connection?.close()
    this.#connection = null
    process.kill(pid, 'SIGKILL')
    await until(() => identifyProcess(pid) === null, 'the engine is dead')
  }

  /** Kills the detached engine without a word, and is faster than whoever would hold the next one: there is none until the lock is released. */
  async killEngineForAWhile(client: EngineClient): Promise<EngineLock> {
    const { pid } = await client.engine.info({})
    await this.#connection?.close()
    this.#connection = null
    process.kill(pid, 'SIGKILL')
    for (const deadline = performance.now() + 5000; performance.now() < deadline; ) {
      const lock = takeEngineLock(engineLock(this.folders), { holder: 'test', version: 'test', socket: engineSocket(this.folders) })
      if (lock !== null) return lock
    }
    throw new Error('Somebody else holds the engine already.')
  }

  /** The tiny image is there afterwards. */
  async buildTiny(client: EngineClient): Promise<void> {
    await this.done(client, client.image.build({ recipe: 'tiny' }))
  }

  /** Waits for a job; fails the test where that does not come to its end. Resolves with what it says. */
  async done(client: EngineClient, begun: Promise<Job>): Promise<string> {
    const job = await client.job.wait({ job: (await begun).id })
    if (job.result === null) throw new Error(`${job.title}: ${JSON.stringify(job.error)}`)
    return job.result.sentence
  }

  /** A running machine of the tiny image whose agent answers. */
  async bootTiny(client: EngineClient, name: string, options: Partial<Parameters<EngineClient['machine']['create']>[0]> = {}): Promise<MachineSummary> {
    await client.machine.create({ name, image: 'tiny', memoryMiB: 256, cpus: 1, ...options, start: true })
    return this.ready(client, name)
  }

  /** Waits until a tiny guest is up: disk mounted, agent and helper running. */
  async ready(client: EngineClient, machine: string): Promise<MachineSummary> {
    await client.machine.wait({ machine, for: 'serial:MAYFLY READY', timeoutMs: 90_000 })
    return client.machine.wait({ machine, for: 'agent', timeoutMs: 90_000 })
  }

  /** Runs a shell line in a guest; fails the test where it fails. */
  async sh(client: EngineClient, machine: string, line: string): Promise<string> {
    const result = await client.guest.run({ machine, argv: ['sh', '-c', line], timeoutMs: 60_000 })
    if (result.exitStatus !== 0) throw new Error(`“${line}” in ${machine}: ${JSON.stringify(result)}`)
    return result.stdout
  }

  /** Processes whose command line names this home. */
  async processes(): Promise<string[]> {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
    const lines = await Promise.all(pids.map(async (pid) => `${pid} ${(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ')}`))
    return lines.filter((line) => line.includes(this.root))
  }

  /** Ends all machines and the engine, removes the folder, and fails where a process is left. */
  async close(): Promise<void> {
    const client = this.#connection?.client ?? (await this.open())
    for (const machine of await client.machine.list({})) {
      // Its time would be waited for.
      if (machine.expiresAt !== null) await client.machine.setLife({ machine: machine.id, ttlSeconds: null })
      if (machine.pid !== null) await client.machine.stop({ machine: machine.id, force: true })
    }
    if (this.#face === null) {
      const { pid } = await client.engine.info({})
      await client.engine.shutdown({})
      await until(() => identifyProcess(pid) === null, 'the engine has ended')
    }
    await this.closeEngine()
    try {
      await until(async () => (await this.processes()).length === 0, 'no process is left')
    } catch {
      throw new Error(`Left behind: ${(await this.processes()).join('\n')}`)
    }
    // Forks that wait in a pool end with the engine, so it is gone before anybody looks.
    const left = (await readdir(this.folders.runtime).catch(() => [])).filter((name) => !name.startsWith('engine.'))
    await rm(this.root, { recursive: true, force: true })
    if (left.length > 0) throw new Error(`Left in the runtime folder: ${left.join(', ')}`)
  }
}

/** The code a call is refused with; the value itself where it is not refused. */
export async function refusal(call: Promise<unknown>): Promise<ErrorCode | { unexpected: unknown }> {
  try {
    return { unexpected: await call }
  } catch (error) {
    if (isMayflyError(error)) return error.code
    throw error
  }
}
