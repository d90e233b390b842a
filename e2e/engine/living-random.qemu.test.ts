/**
 * Random sequences of everything that can be done to running machines, their points and their forks, with the
 * engine or a QEMU killed between some acts and in the middle of others, against a model of what each guest
 * must say. The seed is told where it fails; MAYFLY_SEED repeats a sequence, MAYFLY_RANDOM_SECONDS says how long
 * one goes on.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { identifyProcess } from '../../engine/qemu/process/process-identity.ts'
import { randomNumbers } from '../../engine/random-numbers.fixture.ts'
import { until } from '../conformance/until.ts'
import { CrashStage } from './checkpoint-crash.fixture.ts'
import { beginProof, type GuestValues, writeDisk, writeRam } from './living-guest.fixture.ts'
import { type LivingMachine, type LivingPoint, verifyGuest, verifyLiving, verifyNothingElse } from './living-model.fixture.ts'

const forMs = Number(process.env['MAYFLY_RANDOM_SECONDS'] ?? 50) * 1000
const seed = Number(process.env['MAYFLY_SEED'] ?? Date.now() % 1_000_000)
const fewestActs = 12
const mostMachines = 4
const actsBetweenLooks = 6

/** Where an engine, or a QEMU, may be killed. Some are not come by in every act of the kind. */
const steps = {
  take: ['take:preparing', 'freeze.stop', 'freeze.transaction', 'freeze.frozen', 'take.layered', 'take:recording', 'take.recorded', 'take.parent'],
  restore: ['restore:preparing', 'restore:switching', 'restore.belongings', 'restore.hardware', 'restore.config', 'restore.layers', 'restore:starting', 'restore.loaded'],
  delete: ['delete:begun', 'delete.children', 'delete.present', 'delete.removed', 'merge:merging', 'merge.committed', 'merge:merged', 'merge.checkpoints', 'merge.layers'],
  fork: ['freeze.stop', 'freeze.transaction', 'freeze.frozen', 'fork.folder', 'fork.begin', 'fork.begun'],
  promote: ['copy:begun', 'copy.streamed', 'copy.recorded', 'promote.copied', 'promote.recorded', 'promote.owned'],
} as const

let stage: CrashStage
beforeAll(async () => {
  stage = await CrashStage.open()
  await stage.home.buildTiny(stage.client)
}, 120_000)
afterAll(() => stage.home.close())

type Harm = 'none' | 'engine' | 'qemu'
/** `done`: it worked out. `died`: the engine was killed in it. `failed`: its QEMU was killed, and it failed. */
type Outcome = { readonly how: 'done' | 'died' | 'failed'; readonly step: string }

class Sequence {
  readonly #random = randomNumbers(seed).below
  readonly #machines: LivingMachine[] = []
  readonly log: string[] = []
  #number = 0

  async run(): Promise<void> {
    await this.#begin('root')
    const deadline = performance.now() + forMs
    for (let act = 0; act < fewestActs || performance.now() < deadline; act++) {
      await this.#act()
      if (act % actsBetweenLooks === actsBetweenLooks - 1) await this.#look()
    }
    await this.#look()
    await this.#restoreEverything()
  }

  async #look(): Promise<void> {
    this.#say('look')
    for (const machine of this.#machines) await verifyLiving(stage.home, stage.client, machine)
    await verifyNothingElse(stage.home, stage.client, this.#machines)
  }

  #pick<T>(from: readonly T[]): T | undefined {
    return from[this.#random(Math.max(1, from.length))]
  }

  #say(text: string): void {
    this.log.push(text)
    if (process.env['MAYFLY_RANDOM_LOUD'] === '1') console.log(`${(performance.now() / 1000).toFixed(1)} ${text}`)
  }

  async #begin(name: string): Promise<void> {
    await stage.client.machine.create({ name, image: 'tiny', memoryMiB: 128, cpus: 1, diskMiB: 48 })
    await stage.client.disk.add({ machine: name, sizeMiB: 16 })
    const machine: LivingMachine = { name, state: 'off', values: { ram: null, disk: Number.NaN }, points: new Map() }
    this.#machines.push(machine)
    await stage.client.machine.start({ machine: name })
    await stage.home.ready(stage.client, name)
    machine.state = 'running'
    await this.#write(machine, 'disk')
    await this.#write(machine, 'ram')
    await beginProof(stage.home, stage.client, name)
  }

  async #boot(machine: LivingMachine): Promise<void> {
    this.#say(`${machine.name}: boot`)
    await stage.client.machine.start({ machine: machine.name })
    await stage.home.ready(stage.client, machine.name)
    await beginProof(stage.home, stage.client, machine.name)
    machine.state = 'running'
    machine.values = { ...machine.values, ram: null }
  }

  async #write(machine: LivingMachine, what: 'ram' | 'disk'): Promise<void> {
    const value = ++this.#number
    this.#say(`${machine.name}: write ${value} to ${what}`)
    await (what === 'ram' ? writeRam : writeDisk)(stage.home, stage.client, machine.name, value)
    machine.values = { ...machine.values, [what]: value }
  }

  async #act(): Promise<void> {
    const machine = this.#pick(this.#machines)
    if (machine === undefined) throw new Error('There is a machine always.')
    const label = this.#pick([...machine.points.keys()])
    const chance = this.#random(12)
    const harm: Harm = chance === 0 ? 'engine' : chance === 1 && machine.state === 'running' ? 'qemu' : 'none'
    const kind = this.#random(100)
    if (kind < 4) return this.#killEngine()
    if (machine.state === 'off' && kind < 45) return this.#boot(machine)
    if (kind < 8 && machine.state === 'running') return this.#killQemu(machine)
    if (kind < 12 && machine.state !== 'off') return this.#pauseOrResume(machine)
    if (kind < 27 && machine.state === 'running') return this.#write(machine, this.#random(2) === 0 ? 'ram' : 'disk')
    if (kind < 50 || label === undefined) return this.#take(machine, harm)
    if (kind < 65) return this.#restore(machine, label, harm)
    if (kind < 80) return this.#delete(machine, label, harm)
    if (kind < 84) return this.#promote(machine, harm)
    if (this.#machines.length < mostMachines) return this.#fork(machine, this.#random(3) === 0 ? label : null, harm)
    return this.#deleteMachine()
  }

  /** Carries out an act, with harm in the middle of it or without. */
  async #carryOut(machine: LivingMachine, harm: Harm, at: readonly string[], act: (client: EngineClient) => Promise<unknown>): Promise<Outcome> {
    const step = this.#pick(at) ?? ''
    if (harm === 'engine') {
      this.#say(`  the engine is killed at ${step}`)
      return { how: (await stage.killedAt(step, act)) ? 'died' : 'done', step }
    }
    if (harm === 'qemu') {
      this.#say(`  QEMU is killed at ${step}`)
      const workedOut = await stage.haltedAt(step, act, () => this.#kill(machine))
      return { how: workedOut ? 'done' : 'failed', step }
    }
    await act(stage.client)
    return { how: 'done', step }
  }

  /** Of an act that was harmed only the machine knows whether it runs; what it holds the model says. */
  async #seeState(machine: LivingMachine, harm: Harm): Promise<void> {
    if (harm === 'none') return
    const seen = async () => (await stage.client.machine.show({ machine: machine.name })).state
    await until(async () => ['running', 'paused', 'stopped', 'crashed'].includes(await seen()), `${machine.name} is at rest`)
    const state = await seen()
    if (state === 'running' || state === 'paused') return
    machine.state = 'off'
    machine.values = { ...machine.values, ram: null }
  }

  async #kill(machine: LivingMachine): Promise<void> {
    const pid = this.#pids.get(machine.name)
    if (pid === undefined || identifyProcess(pid) === null) return
    process.kill(pid, 'SIGKILL')
    await until(() => identifyProcess(pid) === null, 'QEMU is dead')
  }

  readonly #pids = new Map<string, number>()

  /** An engine that is halted cannot be asked any more. */
  async #notePid(machine: LivingMachine): Promise<void> {
    const { pid } = await stage.client.machine.show({ machine: machine.name })
    if (pid === null) this.#pids.delete(machine.name)
    else this.#pids.set(machine.name, pid)
  }

  async #killEngine(): Promise<void> {
    this.#say('the engine is killed')
    await stage.killedAtRest()
  }

  async #killQemu(machine: LivingMachine): Promise<void> {
    this.#say(`${machine.name}: QEMU is killed`)
    await this.#notePid(machine)
    await this.#kill(machine)
    await until(async () => (await stage.client.machine.show({ machine: machine.name })).state === 'crashed', 'the crash is seen')
    machine.state = 'off'
    machine.values = { ...machine.values, ram: null }
  }

  async #pauseOrResume(machine: LivingMachine): Promise<void> {
    this.#say(`${machine.name}: ${machine.state === 'running' ? 'pause' : 'resume'}`)
    if (machine.state === 'running') await stage.client.machine.pause({ machine: machine.name })
    else await stage.client.machine.resume({ machine: machine.name })
    machine.state = machine.state === 'running' ? 'paused' : 'running'
  }

  #pointNow({ values, state }: LivingMachine, kind: 'ram' | 'disks'): LivingPoint & { state: LivingMachine['state'] } {
    return { kind, disk: values.disk, ram: kind === 'ram' ? values.ram : null, state }
  }

  async #take(machine: LivingMachine, harm: Harm): Promise<void> {
    const label = `p${this.#number++}`
    const kind = machine.state === 'off' || this.#random(3) === 0 ? 'disks' : 'ram'
    this.#say(`${machine.name}: take ${label} (${kind})`)
    await this.#notePid(machine)
    const point = this.#pointNow(machine, kind)
    const outcome = await this.#carryOut(machine, harm, steps.take, (client) => stage.done(client.checkpoint.take({ machine: machine.name, label, what: kind }), client))
    await this.#seeState(machine, harm)
    if (outcome.how === 'done' || (await this.#has(machine, label))) machine.points.set(label, point)
  }

  async #has(machine: LivingMachine, label: string): Promise<boolean> {
    return (await stage.client.checkpoint.list({ machine: machine.name })).checkpoints.some((one) => one.label === label)
  }

  async #restore(machine: LivingMachine, label: string, harm: Harm): Promise<void> {
    const point = machine.points.get(label)
    if (point === undefined) return
    const withRam = point.kind === 'ram' && this.#random(4) > 0
    const keep = this.#random(3) === 0 ? `p${this.#number++}` : null
    this.#say(`${machine.name}: ${keep === null ? 'restore' : `branch, keeping ${keep}, to`} ${label}${withRam ? '' : ' (disks)'}`)
    await this.#notePid(machine)
    const kept = this.#pointNow(machine, machine.state === 'off' ? 'disks' : 'ram')
    const what = withRam ? 'ram' : 'disks'
    const request = { machine: machine.name, checkpoint: label, what } as const
    const outcome = await this.#carryOut(machine, harm, steps.restore, (client) => stage.done(keep === null ? client.checkpoint.restore(request) : client.checkpoint.branch({ ...request, presentLabel: keep }), client))
    if (keep !== null && (outcome.how === 'done' || (await this.#has(machine, keep)))) machine.points.set(keep, kept)
    const isDone = outcome.how === 'done' || (outcome.how === 'died' && outcome.step !== 'restore:preparing' && (!withRam || outcome.step === 'restore.loaded'))
    if (isDone) {
      machine.state = withRam ? (point as LivingPoint & { state: LivingMachine['state'] }).state : 'off'
      machine.values = { ram: withRam ? point.ram : null, disk: point.disk }
      await this.#seeState(machine, harm)
      return
    }
    await this.#seeState(machine, harm)
  }

  async #delete(machine: LivingMachine, label: string, harm: Harm): Promise<void> {
    this.#say(`${machine.name}: delete ${label}`)
    await this.#notePid(machine)
    const outcome = await this.#carryOut(machine, harm, steps.delete, (client) => stage.done(client.checkpoint.delete({ machine: machine.name, checkpoint: label }), client))
    await this.#seeState(machine, harm)
    if (outcome.how === 'done' || !(await this.#has(machine, label))) machine.points.delete(label)
  }

  async #promote(machine: LivingMachine, harm: Harm): Promise<void> {
    this.#say(`${machine.name}: promote`)
    await this.#notePid(machine)
    await this.#carryOut(machine, harm, steps.promote, (client) => stage.done(client.machine.promote({ machine: machine.name }), client))
    await this.#seeState(machine, harm)
  }

  async #fork(machine: LivingMachine, label: string | null, harm: Harm): Promise<void> {
    const point = label === null ? this.#pointNow(machine, 'ram') : machine.points.get(label)
    if (point === undefined || point.kind !== 'ram' || (label === null && machine.state === 'off')) return
    const name = `m${this.#number++}`
    const begin = this.#random(4) === 0 ? 'pause' : 'start'
    this.#say(`${name}: forked from ${label === null ? '' : `${label} of `}${machine.name}${begin === 'pause' ? ', paused' : ''}`)
    await this.#notePid(machine)
    const outcome = await this.#carryOut(machine, harm, steps.fork, (client) => client.machine.fork({ machine: machine.name, name, begin, what: 'ram', ...(label === null ? {} : { checkpoint: label }) }))
    await this.#seeState(machine, harm)
    const isThere = outcome.how === 'done' || (await stage.client.machine.list({})).some((one) => one.name === name)
    const values: GuestValues = { ram: point.ram, disk: point.disk }
    if (isThere) this.#machines.push({ name, state: begin === 'pause' ? 'paused' : 'running', values, points: new Map() })
  }

  async #deleteMachine(): Promise<void> {
    const at = this.#random(this.#machines.length)
    const [machine] = this.#machines.splice(at, 1)
    this.#say(`${machine?.name}: deleted`)
    await stage.client.machine.delete({ machine: machine?.name ?? '', force: true })
    await stage.client.trash.empty({})
  }

  /** Last of all each point with RAM is gone back to, and its guest asked. */
  async #restoreEverything(): Promise<void> {
    for (const machine of this.#machines) {
      for (const [label, point] of machine.points) {
        if (point.kind !== 'ram') continue
        this.#say(`${machine.name}: back to ${label}`)
        await stage.done(stage.client.checkpoint.restore({ machine: machine.name, checkpoint: label }))
        machine.state = (point as LivingPoint & { state: LivingMachine['state'] }).state
        machine.values = { ram: point.ram, disk: point.disk }
        await verifyGuest(stage.home, stage.client, machine)
      }
      if (machine.state !== 'off') await stage.client.machine.stop({ machine: machine.name, force: true })
      machine.state = 'off'
    }
    await this.#look()
  }
}

test('every guest says what it must, whatever is done to it and to the others', async () => {
  const sequence = new Sequence()
  try {
    await sequence.run()
  } catch (error) {
    throw new Error(`MAYFLY_SEED=${seed} fails after:\n${sequence.log.slice(-40).join('\n')}`, { cause: error })
  }
  expect(sequence.log.length).toBeGreaterThan(fewestActs)
}, forMs + 240_000)
