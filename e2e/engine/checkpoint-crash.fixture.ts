/** An engine that can be killed at a step of an act, and the model of what its machines must be then. */
import type { EngineClient } from '../../engine/engine-face.ts'
import { identifyProcess, isHalted, type ProcessIdentity } from '../../engine/qemu/process/process-identity.ts'
import { startEngine } from '../../hosts/holder/start-engine.ts'
import { endWaker } from '../../hosts/holder/waker.ts'
import { until } from '../conformance/until.ts'
import { type Content, folderOf, type MachineModel, newModel, writeBlocks } from './checkpoint-model.fixture.ts'
import { TestHome } from './test-home.fixture.ts'

export class CrashStage {
  readonly home: TestHome
  client: EngineClient
  #byte = 0

  private constructor(home: TestHome, client: EngineClient) {
    this.home = home
    this.client = client
  }

  /** `parent`: where its folder shall be. */
  static async open(parent?: string): Promise<CrashStage> {
    const home = await TestHome.make(parent)
    return new CrashStage(home, await home.openDetached())
  }

  /** An engine that dies at `step` carries out the act; another one takes over. True: it was killed there. */
  async killedAt(step: string, act: (client: EngineClient) => Promise<unknown>): Promise<boolean> {
    await this.#end()
    this.home.env['MAYFLY_DIE_AT'] = step
    this.client = await this.home.openDetached()
    const { pid } = await this.client.engine.info({})
    const failed = await act(this.client).then(() => false, () => true)
    delete this.home.env['MAYFLY_DIE_AT']
    // A process that was killed is gone a moment after its connections.
    const died = failed && (await until(() => identifyProcess(pid) === null, 'the engine is dead', 3_000).then(() => true, () => false))
    if (died) await this.home.closeEngine()
    else await this.#end()
    this.client = await this.home.openDetached()
    return died
  }

  /** An engine stands still at `step` of the act while `harm` is done, and goes on; another one takes over. An act that never comes there is done without. True: the act worked out. */
  async haltedAt(step: string, act: (client: EngineClient) => Promise<unknown>, harm: () => Promise<void>): Promise<boolean> {
    const engine = await this.#halting(step)
    let hasEnded = false
    const acting = act(this.client).then(() => true, () => false).finally(() => {
      hasEnded = true
    })
    await until(() => isHalted(engine) || hasEnded, `the engine stands still at ${step}`, 30_000)
    if (!hasEnded) await harm()
    // The act may come by the same step again.
    const goOn = setInterval(() => process.kill(engine.pid, 'SIGCONT'), 50)
    const workedOut = await acting.finally(() => clearInterval(goOn))
    await this.#end()
    this.client = await this.home.openDetached()
    return workedOut
  }

  /** An engine stands still at `step` of the act while `harm` is done, and is killed there; another one takes over. */
  async killedWhileHalted(step: string, act: (client: EngineClient) => Promise<unknown>, harm: () => Promise<void>): Promise<void> {
    await this.#killHalted(step, act, harm)
    this.client = await this.home.openDetached()
  }

  /** An engine dies at `step` of the act, and nobody starts another; `reopen` does. */
  async diedAt(step: string, act: (client: EngineClient) => Promise<unknown>): Promise<void> {
    await this.#end()
    this.home.env['MAYFLY_DIE_AT'] = step
    this.client = await this.home.openDetached()
    delete this.home.env['MAYFLY_DIE_AT']
    const { pid } = await this.client.engine.info({})
    await act(this.client).catch(() => undefined)
    await until(() => identifyProcess(pid) === null, `the engine died at ${step}`, 30_000)
    await this.home.closeEngine()
  }

  async reopen(): Promise<void> {
    this.client = await this.home.openDetached()
  }

  /** An engine is killed at `step` of the act, and the next one at `recovering`, while it settles that; a third takes over. True: both were. */
  async killedTwice(step: string, recovering: string, act: (client: EngineClient) => Promise<unknown>): Promise<boolean> {
    // A waker would start an engine that is to live.
    await this.#killHalted(step, act, () => endWaker(this.home.folders))
    const died = await startEngine({ folders: this.home.folders, env: { ...this.home.env, MAYFLY_DIE_AT: recovering }, withinMs: 60_000 }).then(() => false, () => true)
    this.client = await this.home.openDetached()
    return died
  }

  /** The engine is killed while nothing is under way. */
  async killedAtRest(): Promise<void> {
    await this.home.killEngine(this.client)
    this.client = await this.home.openDetached()
  }

  /** An engine that will stand still at `step`. */
  async #halting(step: string): Promise<ProcessIdentity> {
    await this.#end()
    this.home.env['MAYFLY_HALT_AT'] = step
    this.client = await this.home.openDetached()
    delete this.home.env['MAYFLY_HALT_AT']
    const engine = identifyProcess((await this.client.engine.info({})).pid)
    if (engine === null) throw new Error('The engine is not there.')
    return engine
  }

  /** An engine stands still at `step` of the act while `harm` is done, and is killed there. */
  async #killHalted(step: string, act: (client: EngineClient) => Promise<unknown>, harm: () => Promise<void> | void): Promise<void> {
    const engine = await this.#halting(step)
    const acting = act(this.client).catch(() => undefined)
    await until(() => isHalted(engine), `the engine stands still at ${step}`, 60_000)
    try {
      await harm()
    } finally {
      process.kill(engine.pid, 'SIGKILL')
    }
    await acting
    await this.home.closeEngine()
  }

  async #end(): Promise<void> {
    const { pid } = await this.client.engine.info({})
    await this.client.engine.shutdown({})
    await until(() => identifyProcess(pid) === null, 'the engine has ended')
    await this.home.closeEngine()
  }

  /** Waits for a job and fails where it failed. */
  async done(begun: Promise<{ id: string }>, client = this.client): Promise<void> {
    const job = await client.job.wait({ job: (await begun).id })
    if (job.error !== null) throw new Error(job.error.message)
  }

  /** Fills blocks of the disk of a machine that is off with a byte that was not there before. */
  async change(model: MachineModel, ...blocks: number[]): Promise<void> {
    this.#byte = (this.#byte % 250) + 1
    const written: Content = new Map(blocks.map((block) => [block, this.#byte]))
    await writeBlocks(await folderOf(this.home, this.client, model.name), written)
    model.present = new Map([...model.present, ...written])
  }

  async begin(name: string): Promise<MachineModel> {
    await this.client.machine.create({ name, diskMiB: 16 })
    const model = newModel(name)
    await this.change(model, 0, 1, 2)
    return model
  }

  async take(model: MachineModel, label: string): Promise<void> {
    await this.done(this.client.checkpoint.take({ machine: model.name, label }))
    noteTaken(model, label)
  }

  async hasPoint(model: MachineModel, label: string): Promise<boolean> {
    return (await this.client.checkpoint.list({ machine: model.name })).checkpoints.some((one) => one.label === label)
  }
}

export function noteTaken(model: MachineModel, label: string): void {
  model.points.set(label, { content: model.present, parent: model.parent })
  model.parent = label
}

export function noteDeleted(model: MachineModel, label: string): void {
  const parent = model.points.get(label)?.parent ?? null
  model.points.delete(label)
  for (const point of model.points.values()) if (point.parent === label) point.parent = parent
  if (model.parent === label) model.parent = parent
}

export function noteRestored(model: MachineModel, label: string): void {
  model.present = model.points.get(label)?.content ?? new Map()
  model.parent = label
}
