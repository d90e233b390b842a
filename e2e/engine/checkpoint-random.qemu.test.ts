/**
 * Random sequences of everything that can be done to the layers of a machine, with the engine killed in
 * the middle of some, against a model of what each point must hold. The seed is told where it fails;
 * MAYFLY_SEED repeats a sequence.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { randomNumbers } from '../../engine/random-numbers.fixture.ts'
import { CrashStage, noteDeleted, noteRestored, noteTaken } from './checkpoint-crash.fixture.ts'
import { blockCount, folderOf, isSame, type MachineModel, newModel, readPresentContent, verifyMachine } from './checkpoint-model.fixture.ts'

const forMs = 35_000
const mostActs = 200
const seed = Number(process.env['MAYFLY_SEED'] ?? Date.now() % 1_000_000)

const steps = {
  take: ['take:preparing', 'take.layered', 'take:recording', 'take.recorded', 'take.parent'],
  restore: ['restore:preparing', 'restore:switching', 'restore.belongings', 'restore.hardware', 'restore.config', 'restore.layers', 'merge:merging', 'merge.committed', 'merge:merged'],
  delete: ['delete:begun', 'delete.children', 'delete.present', 'delete.removed', 'merge:merging', 'merge.committed', 'merge:merged', 'merge.checkpoints', 'merge.layers'],
} as const

let stage: CrashStage
beforeAll(async () => {
  stage = await CrashStage.open()
}, 60_000)
afterAll(() => stage.home.close())

class Sequence {
  readonly #random = randomNumbers(seed).below
  readonly #models: MachineModel[] = []
  readonly log: string[] = []
  #next = 0

  async run(): Promise<void> {
    this.#models.push(await stage.begin('root'))
    const deadline = performance.now() + forMs
    for (let act = 0; act < mostActs && performance.now() < deadline; act++) {
      await this.#act()
      if (act % 6 === 5) await this.#verify()
    }
    await this.#verify()
  }

  async #verify(): Promise<void> {
    for (const model of this.#models) await verifyMachine(stage.home, stage.client, model)
  }

  #pick<T>(from: readonly T[]): T | undefined {
    return from[this.#random(Math.max(1, from.length))]
  }

  #say(text: string): void {
    this.log.push(text)
  }

  async #act(): Promise<void> {
    const model = this.#pick(this.#models) ?? newModel('none')
    const label = this.#pick([...model.points.keys()])
    const dies = this.#random(8) === 0
    const kind = this.#random(20)
    if (kind < 6) {
      this.#say(`${model.name}: write`)
      return stage.change(model, ...Array.from({ length: 1 + this.#random(3) }, () => this.#random(blockCount)))
    }
    if (kind < 11 || label === undefined) return this.#take(model, dies)
    if (kind < 14) return this.#restore(model, label, dies)
    if (kind < 18) return this.#delete(model, label, dies)
    if (this.#models.length < 3) return this.#export(model, label)
    return this.#forget()
  }

  /** True: the engine was killed meanwhile. */
  async #carryOut(dies: boolean, at: readonly string[], act: (client: EngineClient) => Promise<unknown>): Promise<boolean> {
    const step = this.#pick(at)
    if (!dies || step === undefined) {
      await act(stage.client)
      return false
    }
    this.#say(`  killed at ${step}`)
    return stage.killedAt(step, act)
  }

  async #take(model: MachineModel, dies: boolean): Promise<void> {
    const label = `p${this.#next++}`
    this.#say(`${model.name}: take ${label}`)
    const died = await this.#carryOut(dies, steps.take, (client) => stage.done(client.checkpoint.take({ machine: model.name, label }), client))
    if (!died || (await stage.hasPoint(model, label))) noteTaken(model, label)
  }

  async #restore(model: MachineModel, label: string, dies: boolean): Promise<void> {
    const keep = this.#random(3) === 0 ? `p${this.#next++}` : null
    this.#say(`${model.name}: ${keep === null ? 'restore' : `branch, keeping ${keep}, to`} ${label}`)
    const died = await this.#carryOut(dies, steps.restore, (client) =>
      stage.done(keep === null ? client.checkpoint.restore({ machine: model.name, checkpoint: label }) : client.checkpoint.branch({ machine: model.name, checkpoint: label, presentLabel: keep }), client),
    )
    if (keep !== null && (!died || (await stage.hasPoint(model, keep)))) noteTaken(model, keep)
    if (!died) return noteRestored(model, label)
    const { present, checkpoints } = await stage.client.checkpoint.list({ machine: model.name })
    const isThere = checkpoints.find((one) => one.id === present.parent)?.label === label
    if (isThere && isSame(await readPresentContent(await folderOf(stage.home, stage.client, model.name)), model.points.get(label)?.content ?? new Map<number, number>())) noteRestored(model, label)
  }

  async #delete(model: MachineModel, label: string, dies: boolean): Promise<void> {
    this.#say(`${model.name}: delete ${label}`)
    const died = await this.#carryOut(dies, steps.delete, (client) => stage.done(client.checkpoint.delete({ machine: model.name, checkpoint: label }), client))
    if (!died || !(await stage.hasPoint(model, label))) noteDeleted(model, label)
  }

  /** A machine that shares layers: what either does to them must not reach the other. */
  async #export(model: MachineModel, label: string): Promise<void> {
    const name = `m${this.#next++}`
    this.#say(`${name}: made of ${label} of ${model.name}`)
    await stage.done(stage.client.checkpoint.export({ machine: model.name, checkpoint: label, name }))
    this.#models.push({ ...newModel(name), present: model.points.get(label)?.content ?? new Map<number, number>() })
  }

  async #forget(): Promise<void> {
    const model = this.#models.at(1)
    if (model === undefined) return
    if (this.#random(2) === 0) {
      this.#say(`${model.name}: promote`)
      return stage.done(stage.client.machine.promote({ machine: model.name }))
    }
    this.#say(`${model.name}: deleted`)
    await stage.client.machine.delete({ machine: model.name })
    await stage.client.trash.empty({})
    this.#models.splice(1, 1)
  }
}

test('every point holds what it must, whatever is done to the others', async () => {
  const sequence = new Sequence()
  try {
    await sequence.run()
  } catch (error) {
    throw new Error(`MAYFLY_SEED=${seed} fails after:\n${sequence.log.slice(-30).join('\n')}`, { cause: error })
  }
  expect(sequence.log.length).toBeGreaterThan(10)
})
