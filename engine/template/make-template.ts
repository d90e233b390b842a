/**
 * Makes a template: a machine of an image, or of what another machine is, boots until it is ready, is
 * saved with its RAM, and is switched off for good. One of the same name is replaced only when the
 * new one is whole; an engine that is killed in between leaves the old one.
 */
import { copyFile } from 'node:fs/promises'
import { isMayflyError, MayflyError } from '../../contract/errors.ts'
import { hasProcess, statesAtRest } from '../../contract/machine-state.ts'
import type { MachineConfig } from '../../contract/machine.ts'
import { actOnLayers } from '../checkpoint/layer-acts.ts'
import { takeNow } from '../checkpoint/take-now.ts'
import { forkMachine } from '../fork/fork.ts'
import { removeForGood } from '../fork/remove-for-good.ts'
import type { JobHandle } from '../jobs/job-book.ts'
import { createMachine } from '../machine/create.ts'
import type { EngineContext } from '../machine/engine-context.ts'
import { hardwareDocument } from '../machine/hardware-document.ts'
import { randomIdentity } from '../machine/identity.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import type { Machines } from '../machine/machines.ts'
import { start, switchOff } from '../machine/power.ts'
import { ramBlockers } from '../machine/ram-blockers.ts'
import { planHardware } from '../qemu/argv/plan-hardware.ts'
import { runGuestTool } from '../run/guest-tool.ts'
import { writeDocument } from '../storage/document.ts'
import type { MachineFolderNames } from '../storage/names.ts'
import { awaitReady } from './await-ready.ts'
import { type TemplateDocument, templateDocument, type TemplateRecipe } from './template-document.ts'

export interface MakePlan {
  /** Of the machine while it is made. */
  readonly name: string
  readonly recipe: TemplateRecipe
  /** Make it of this machine; null: of the recipe's image. */
  readonly source: MachineCore | null
  readonly pool: TemplateDocument['pool']
  /** The template in whose place it will come. */
  readonly replaces: TemplateDocument['replaces']
  readonly timeoutSeconds: number
  /** The machine is there: watchers may be told. */
  readonly onMachine: (core: MachineCore, document: TemplateDocument) => void
}

/** The first commands a guest runs are slow, because its kernel reads the programs then; they run once before it is saved. */
const warmUp = ['sh', '-c', 'true; tar --help > /dev/null 2>&1; cat /proc/uptime > /dev/null; ls / > /dev/null']
const warmUpWithinMs = 10_000

/** Answers with the machine and its document. On a failure nothing is left of it. */
export async function makeTemplate(context: EngineContext, machines: Machines, plan: MakePlan, job: JobHandle): Promise<{ readonly core: MachineCore; readonly document: TemplateDocument }> {
  let core: MachineCore | null = null
  try {
    job.stage('Making the machine')
    const begun: TemplateDocument = { format: 'mayfly-template', version: 1, made: null, recipe: plan.recipe, replaces: plan.replaces, pool: plan.pool }
    // From its beginning its folder says what it is: an engine that is killed leaves no machine that nobody asked for.
    const machine = await makeMachine(context, machines, plan, (names) => writeDocument(names.template, templateDocument, begun))
    core = machine.core
    context.atStep('template.begun')
    if (machine.isCopyOfDisks) await resize(core, plan.recipe)
    const blockers = ramBlockers(core)
    if (blockers.length > 0) throw new MayflyError('unsupported', `A template cannot be made of it: ${blockers[0] ?? ''}`, { needs: 'a machine whose RAM can be saved', have: blockers[0] ?? '' })
    if (!hasProcess(core.state)) {
      await leaveRoom(context, core, plan.recipe)
      job.signal.throwIfAborted()
      job.stage('Booting')
      await start(core)
    }
    await core.saveLife({ ...core.stored.life, role: 'template' })
    plan.onMachine(core, begun)
    job.stage(`Waiting until it is ready (${plan.recipe.ready})`)
    await awaitReady(core, plan.recipe.ready, plan.timeoutSeconds * 1000, job.signal)
    await runGuestTool(core, { argv: warmUp, timeoutMs: warmUpWithinMs, signal: job.signal }).catch((error: unknown) => {
      // A guest without helper and agent is a template all the same: for forks that are looked at.
      if (job.signal.aborted || !isMayflyError(error)) throw error
    })
    const ready = core
    const { record } = await actOnLayers(ready, () => takeNow(ready, { label: 'ready', description: '', what: 'ram', freezeFileSystems: 'no', origin: 'template' }, job))
    job.stage('Switching off')
    await switchOff(ready)
    const document: TemplateDocument = { ...begun, made: { checkpoint: record.id, at: new Date().toISOString() } }
    await writeTemplate(ready, document)
    context.atStep('template.made')
    return { core: ready, document }
  } catch (error) {
    const failed = core
    if (failed !== null) {
      // What the guest wrote last is worth more than the machine.
      await copyFile(failed.names.serialLog, `${context.folders.state}/template-serial.log`).catch(() => undefined)
      await removeForGood(failed, machines).catch((left: unknown) => context.log(`${failed.id} of a template that failed is left: ${String(left)}`))
    }
    throw error
  }
}

export async function writeTemplate(core: MachineCore, document: TemplateDocument): Promise<void> {
  await writeDocument(core.names.template, templateDocument, document)
}

async function makeMachine(context: EngineContext, machines: Machines, { name, recipe, source }: MakePlan, fill: (names: MachineFolderNames) => Promise<void>): Promise<{ readonly core: MachineCore; readonly isCopyOfDisks: boolean }> {
  if (source === null) {
    if (recipe.image === null) throw new MayflyError('invalid-input', 'There is nothing to make the template of.', { issues: [{ path: 'image', message: 'Name an image or a machine.' }] })
    const core = await createMachine(context, machines, {
      name,
      image: recipe.image.id,
      preallocation: 'off',
      start: false,
      throwaway: false,
      ...(recipe.cpus === null ? {} : { cpus: recipe.cpus }),
      ...(recipe.memoryMiB === null ? {} : { memoryMiB: recipe.memoryMiB }),
    }, fill)
    return { core, isCopyOfDisks: false }
  }
  const isRunning = hasProcess(source.state)
  const { forks } = await forkMachine(context, machines, source, { count: 1, name, begin: isRunning ? 'start' : 'pause', throwaway: false, what: isRunning ? 'ram' : 'disks', fill })
  const core = forks[0]?.core
  if (core === undefined) throw new MayflyError('conflict', `${source.name} could not be copied.`, { state: source.state, allowed: [...statesAtRest, 'running'] })
  return { core, isCopyOfDisks: !isRunning }
}

/** It has not run yet: its size can still be chosen, and room be left. */
async function resize(core: MachineCore, recipe: TemplateRecipe): Promise<void> {
  await switchOff(core)
  const { topology, ...config } = core.config
  const changed: MachineConfig = { ...config, cpus: recipe.cpus ?? config.cpus, memoryMiB: recipe.memoryMiB ?? config.memoryMiB }
  await core.saveConfig(topology === undefined || changed.cpus !== config.cpus ? changed : { ...changed, topology })
}

/** Plans the hardware of a machine that has not run, with room for what forks may be given. */
async function leaveRoom(context: EngineContext, core: MachineCore, recipe: TemplateRecipe): Promise<void> {
  const { config } = core
  const room = { cpus: Math.max(config.cpus, recipe.maxCpus ?? 0), memoryMiB: Math.max(config.memoryMiB, recipe.maxMemoryMiB ?? 0) }
  if (room.cpus === config.cpus && room.memoryMiB === config.memoryMiB) return
  if (config.profile === 'micro') throw new MayflyError('unsupported', 'Nothing can be plugged into a micro machine.', { needs: 'another profile', have: 'micro' }, { next: 'Give the template that much from the beginning.' })
  const host = await context.host.usable()
  const hardware = planHardware({ config, capabilities: host.capabilities, accelerator: host.chooseAccelerator(config.accelerator), previous: core.stored.hardware ?? undefined, random: randomIdentity })
  const planned = { ...hardware, room }
  await writeDocument(core.names.hardware, hardwareDocument, planned)
  core.update({ hardware: planned })
}
