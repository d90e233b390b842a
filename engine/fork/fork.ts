/**
 * Forks: new machines that share everything with the one they come from and differ from then on.
 * Of a running machine they take RAM and disks at one moment, for which it stands still a few
 * milliseconds; of a checkpoint what was saved; of a machine that is off its disks. Either all forks
 * asked for are made or none: what was begun when one fails is removed again.
 */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { MachineId } from '../../contract/ids.ts'
import { statesAtRest } from '../../contract/machine-state.ts'
import type { BoundForward, MachineConfig, MachineSummary } from '../../contract/machine.ts'
import type { EngineContext } from '../machine/engine-context.ts'
import { newMachineId, randomIdentity } from '../machine/identity.ts'
import { freePorts } from '../machine/host-ports.ts'
import { type LaunchPlan, planLaunch } from '../machine/launch.ts'
import { MachineCore } from '../machine/machine-core.ts'
import type { Life } from '../machine/machine-documents.ts'
import { inParallel, type Machines } from '../machine/machines.ts'
import { beginFork, start } from '../machine/power.ts'
import type { SavedPoint } from '../machine/saved-point.ts'
import type { Hardware } from '../qemu/argv/hardware.ts'
import { renewIdentity } from '../qemu/argv/plan-hardware.ts'
import { machinesFolder } from '../storage/names.ts'
import { copyFirmware } from './copy-firmware.ts'
import { makeForkFolder, settleFolder } from './fork-folder.ts'
import { markMade, markMaking, unmark } from './fork-marks.ts'
import { reserveForkNames } from './fork-names.ts'
import { forkNotes } from './fork-notes.ts'
import { type ForkSource, type FrozenSource, withForkSource } from './fork-source.ts'
import { assertMemoryForForks } from './memory-room.ts'
import { removeForGood, removeRemains } from './remove-for-good.ts'
import { setGuestClock } from './set-guest-clock.ts'

export interface ForkRequest {
  /** Fork this checkpoint instead of the machine as it is. */
  readonly checkpoint?: string | undefined
  readonly count: number
  /** `{n}` becomes a number. */
  readonly name?: string | undefined
  readonly then: 'start' | 'pause'
  readonly throwaway: boolean
  readonly ttlSeconds?: number | undefined
  readonly what: 'auto' | 'ram' | 'disks'
  /** Told, and waited for, before anything of the forks exists. */
  readonly onIds?: (ids: readonly MachineId[]) => Promise<void>
}

export interface Fork {
  readonly core: MachineCore
  /** From the call until its CPUs ran, or stood ready. */
  readonly readyMs: number
}

export interface Forked {
  readonly forks: readonly Fork[]
  /** How long the parent stood still. */
  readonly pauseMs: number
  readonly notes: readonly string[]
}

/** A fork whose folder is made and whose guest is not. */
interface Draft {
  readonly core: MachineCore
  /** What its launch needs besides, where that could be prepared before the parent was frozen. */
  readonly plan: LaunchPlan | undefined
}

/** What the contract says of one fork. */
export function forkShown({ core, readyMs }: Fork): { machine: MachineSummary; forwards: BoundForward[]; readyMs: number } {
  const machine = core.summary()
  return { machine, forwards: machine.forwards, readyMs }
}

/**
 * Forks a machine. Legal while it is running, paused or off. Throws `conflict`, `unsupported` where its
 * RAM cannot be saved, `host-unavailable` where the host has not the memory, `no-space`, and what a
 * start throws.
 */
export async function forkMachine(context: EngineContext, machines: Machines, parent: MachineCore, request: ForkRequest): Promise<Forked> {
  const calledAt = performance.now()
  if (request.checkpoint === undefined) parent.require('forked', [...statesAtRest, 'running', 'paused'])
  const warning = assertMemoryForForks(parent, request.count)
  const { names, release } = reserveForkNames(machines, parent.name, request.name, request.count)
  const ids = names.map(() => newMachineId())
  try {
    await request.onIds?.(ids)
    const prepared = await withForkSource(parent, request, async (source) => {
      // What one needs of the other comes afterwards; a failure of either waits for both.
      const [frozen, drafts] = await Promise.allSettled([source.freeze(), makeDrafts(context, parent, source, ids, names, lifeOf(source, request))])
      if (frozen.status === 'rejected') throw frozen.reason
      if (drafts.status === 'fulfilled') {
        await placeFirmware(frozen.value, drafts.value)
        return { source, frozen: frozen.value, drafts: drafts.value }
      }
      await frozen.value.close()
      throw drafts.reason
    })
    const { source, frozen, drafts } = prepared
    const forks: Fork[] = []
    try {
      await inParallel(drafts, availableParallelism(), async (draft) => {
        forks.push(await begin(machines, draft, frozen.from, request.then, calledAt))
      })
    } finally {
      await frozen.close()
    }
    for (const { core } of forks) void finish(core, source, frozen).catch((error: unknown) => context.log(`${core.id}: ${String(error)}`))
    return { forks: inOrder(forks, ids), pauseMs: frozen.pauseMs, notes: [...forkNotes(parent, source), ...warning] }
  } catch (error) {
    await Promise.all(ids.map((id) => undoFork(context, machines, id)))
    throw error
  } finally {
    release()
  }
}

function lifeOf({ origin }: ForkSource, request: ForkRequest): Life {
  const expiresAt = request.ttlSeconds === undefined ? null : new Date(Date.now() + request.ttlSeconds * 1000).toISOString()
  return { role: 'machine', origin, throwaway: request.throwaway, expiresAt }
}

/** The folders of all forks, each with a machine that nobody hears of yet. */
async function makeDrafts(context: EngineContext, parent: MachineCore, source: ForkSource, ids: readonly MachineId[], names: readonly string[], life: Life): Promise<Draft[]> {
  const ports = await newForwards(source.config, ids.length)
  return Promise.all(ids.map(async (id, index): Promise<Draft> => {
    const config = { ...source.config, name: names[index] ?? id, nics: ports[index] ?? [] }
    await markMaking(context.folders, id)
    const folder = join(machinesFolder(context.folders), id)
    const stored = await makeForkFolder({ id, folder, config, hardware: hardwareOfFork(source), life, parent: parent.names, layers: source.layers, sizes: source.sizes, media: source.media })
    const core = new MachineCore(context, id, folder, stored, false)
    core.durable = false
    // Firmware and TPM must have their state before: it comes with the freeze.
    const plan = source.withRam && !source.hasFirmware ? await planLaunch(core, { newGeneration: false, accelerator: source.accelerator }) : undefined
    return { core, plan }
  }))
}

/** A guest that goes on in a fork keeps what it saw of its hardware; one that boots gets an identity of its own. Both are told that they are copies. */
function hardwareOfFork({ hardware, withRam }: ForkSource): Hardware | null {
  if (hardware === null) return null
  return withRam ? { ...hardware, generationId: randomIdentity.uuid() } : renewIdentity(hardware, randomIdentity)
}

/** The network cards of each fork, with free ports of the host. */
async function newForwards(config: MachineConfig, count: number): Promise<MachineConfig['nics'][]> {
  const wanted = config.nics.flatMap((nic) => nic.network.forwards)
  const ports = await freePorts(Array.from({ length: count }, () => wanted).flat())
  return Array.from({ length: count }, () =>
    config.nics.map((nic) => ({ ...nic, network: { ...nic.network, forwards: nic.network.forwards.map((forward) => ({ ...forward, hostPort: ports.shift() ?? forward.hostPort })) } })),
  )
}

async function placeFirmware({ firmware }: FrozenSource, drafts: readonly Draft[]): Promise<void> {
  if (firmware !== null) await Promise.all(drafts.map(({ core }) => copyFirmware(firmware, core.names)))
}

async function begin(machines: Machines, { core, plan }: Draft, from: SavedPoint | null, then: 'start' | 'pause', calledAt: number): Promise<Fork> {
  machines.enlist(core)
  if (from === null) await start(core, then === 'start' ? 'run' : 'pause')
  else await core.queue.run((signal) => beginInFork(core, signal, from, then, plan))
  return { core, readyMs: performance.now() - calledAt }
}

async function beginInFork(core: MachineCore, signal: AbortSignal, from: SavedPoint, then: 'start' | 'pause', plan: LaunchPlan | undefined): Promise<void> {
  core.enter('starting')
  try {
    await beginFork(core, signal, from, then === 'start' ? 'run' : 'pause', { plan })
  } catch (error) {
    if (core.state === 'starting') core.enter('stopped')
    throw error
  }
}

/** What nobody waits for: the fork is put on disk for good, and its clock set. */
async function finish(core: MachineCore, source: ForkSource, frozen: FrozenSource): Promise<void> {
  const { context } = core
  await markMade(context.folders, core.id)
  core.happened('started', `${core.name} was forked from ${source.origin.machineName}.`)
  if (source.withRam && core.state === 'running') await setGuestClock(core, frozen.savedAt).catch((error: unknown) => context.log(`${core.id}: its clock was not set: ${String(error)}`))
  // After a power cut a throwaway is gone in any case.
  if (core.stored.life.throwaway) return
  await makeDurable(core)
}

/** Puts a fork on disk for good. Until then a power cut may cost it. */
export async function makeDurable(core: MachineCore): Promise<void> {
  if (core.durable) return
  core.durable = true
  await settleFolder(core.names.folder)
  await unmark(core.context.folders, core.id)
}

async function undoFork(context: EngineContext, machines: Machines, id: MachineId): Promise<void> {
  const core = machines.all.find((candidate) => candidate.id === id)
  await (core === undefined ? removeRemains(context.folders, id) : removeForGood(core, machines)).catch((error: unknown) => context.log(`${id}: a fork that failed is left: ${String(error)}`))
}

function inOrder(forks: readonly Fork[], ids: readonly MachineId[]): Fork[] {
  return [...forks].sort((one, other) => ids.indexOf(one.core.id) - ids.indexOf(other.core.id))
}
