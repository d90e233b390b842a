/**
 * Forks: new machines that share everything with the one they come from and differ from then on.
 * Of a running machine they take RAM and disks at one moment, for which it stands still a few
 * milliseconds; of a checkpoint what was saved; of a machine that is off its disks. Either all forks
 * asked for are made or none: what was begun when one fails is removed again.
 */
import { availableParallelism } from 'node:os'
import type { CheckpointId, MachineId } from '../../contract/ids.ts'
import { statesAtRest } from '../../contract/machine-state.ts'
import type { BoundForward, MachineSummary } from '../../contract/machine.ts'
import { actOnLayers } from '../checkpoint/layer-acts.ts'
import { mergeLayers } from '../checkpoint/merge-layers.ts'
import { deepestChain, shortenChains } from '../checkpoint/shorten-chains.ts'
import type { EngineContext } from '../machine/engine-context.ts'
import { newMachineId } from '../machine/identity.ts'
import { inParallel } from '../machine/in-parallel.ts'
import { readPresent } from '../machine/layers.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import type { Life } from '../machine/machine-documents.ts'
import { resume } from '../machine/power.ts'
import type { Machines } from '../machine/machines.ts'
import { orNoSpace } from '../storage/full-disk.ts'
import { copyFirmware } from './copy-firmware.ts'
import { beginDraft, makeDrafts, newForwards } from './fork-drafts.ts'
import { settleFolder } from './fork-folder.ts'
import { markMade, unmark } from './fork-marks.ts'
import { reserveForkNames } from './fork-names.ts'
import { forkNotes } from './fork-notes.ts'
import type { ForkRequest } from './fork-request.ts'
import { type ForkSource, withForkSource } from './fork-source.ts'
import { reserveForkMemory } from './memory-room.ts'
import { removeForGood, removeRemains } from './remove-for-good.ts'
import { setGuestClock } from './set-guest-clock.ts'
import type { WarmPool } from './warm-pool.ts'
import { claimSlot, type WarmSlot } from './warm-slot.ts'

/** Of more forks than this none runs before all stand ready: guests that run already would take the CPUs from those still being made. */
const runAtOnceUpTo = 4

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

/** What the contract says of one fork. */
export function forkShown({ core, readyMs }: Fork): { machine: MachineSummary; forwards: BoundForward[]; readyMs: number } {
  const machine = core.summary()
  return { machine, forwards: machine.forwards, readyMs }
}

/**
 * Forks a machine. Legal while it is running, paused or off; of a checkpoint always. Forks that wait in the
 * pool are taken first. Throws `conflict`, `unsupported` where its RAM cannot be saved or used,
 * `host-unavailable` where the host has not the memory, `no-space`, and what a start throws.
 */
export async function forkMachine(context: EngineContext, machines: Machines, parent: MachineCore, request: ForkRequest, pool?: WarmPool): Promise<Forked> {
  const calledAt = performance.now()
  // One that is just being saved is waited for: acts on its layers take turns.
  if (request.checkpoint === undefined) parent.require('forked', [...statesAtRest, 'running', 'paused', 'saving'])
  const memory = reserveForkMemory(parent.run?.config.memoryMiB ?? parent.config.memoryMiB, request.count)
  try {
    const forked = await makeForks(context, machines, parent, request, pool, calledAt)
    return { ...forked, notes: [...forked.notes, ...memory.warnings] }
  } finally {
    memory.release()
  }
}

async function makeForks(context: EngineContext, machines: Machines, parent: MachineCore, request: ForkRequest, pool: WarmPool | undefined, calledAt: number): Promise<Forked> {
  const { names, release } = reserveForkNames(machines, parent.name, request.name, request.count)
  const slots = request.checkpoint === undefined || request.what === 'disks' ? [] : (pool?.take(parent, request.checkpoint as CheckpointId, request.count) ?? [])
  const ids = names.map((_name, index) => slots[index]?.core.id ?? newMachineId())
  try {
    await request.onIds?.(ids)
    const outcomes = await Promise.allSettled([
      claimAll(machines, slots, names, request, calledAt),
      slots.length === request.count ? null : forkAnew(machines, parent, { ids: ids.slice(slots.length), names: names.slice(slots.length) }, request, calledAt),
    ])
    const [claimed, made] = outcomes
    if (claimed.status === 'rejected') throw claimed.reason
    if (made.status === 'rejected') throw made.reason
    if (request.checkpoint === undefined) void keepShort(parent).catch((error: unknown) => context.log(`${parent.id}: its chains of layers stay long: ${String(error)}`))
    const source = made.value?.source ?? slots[0]?.source
    const notes = source === undefined ? [] : forkNotes(parent, source, made.value?.isCopied ?? false)
    return { forks: [...claimed.value, ...(made.value?.forks ?? [])], pauseMs: made.value?.pauseMs ?? 0, notes }
  } catch (error) {
    const told = await orNoSpace(error, [context.folders.data, context.folders.runtime])
    await Promise.all(ids.map((id) => undoFork(context, machines, id)))
    throw told
  } finally {
    release()
  }
}

/** Forks of what waits. */
async function claimAll(machines: Machines, slots: readonly WarmSlot[], names: readonly string[], request: ForkRequest, calledAt: number): Promise<Fork[]> {
  const [first] = slots
  if (first === undefined) return []
  const nics = await newForwards(first.source.config, slots.length)
  return Promise.all(slots.map(async (slot, index): Promise<Fork> => {
    const { core, wentAt } = await claimSlot(machines, slot, { name: names[index] ?? slot.core.id, life: lifeOf(slot.source, request), begin: request.begin === 'start' ? 'run' : 'pause', nics: nics[index] ?? [] })
    const readyMs = wentAt - calledAt
    await finish(core, slot.source, slot.savedAt)
    return { core, readyMs }
  }))
}

async function forkAnew(machines: Machines, parent: MachineCore, who: { readonly ids: readonly MachineId[]; readonly names: readonly string[] }, request: ForkRequest, calledAt: number): Promise<{ readonly forks: readonly Fork[]; readonly source: ForkSource; readonly pauseMs: number; readonly isCopied: boolean }> {
  const { source, frozen, drafts } = await withForkSource(parent, request, async (from) => {
    // What one needs of the other comes afterwards; a failure of either waits for both.
    const drafted = makeDrafts(parent, from, who.ids, who.names, lifeOf(from, request), request.fill)
    const [freezing, making] = await Promise.allSettled([from.freeze(drafted), drafted])
    if (freezing.status === 'rejected') {
      // Whoever removes what is left must find its process.
      for (const { ahead } of making.status === 'fulfilled' ? making.value : []) await ahead
      throw freezing.reason
    }
    try {
      if (making.status === 'rejected') throw making.reason
      const { firmware } = freezing.value
      if (firmware !== null) await Promise.all(making.value.map(({ core }) => copyFirmware(firmware, core.names)))
      return { source: from, frozen: freezing.value, drafts: making.value }
    } catch (error) {
      await freezing.value.close()
      throw error
    }
  })
  const ready = new Map<MachineCore, number>()
  try {
    const goTogether = request.begin === 'start' && source.withRam && drafts.length > runAtOnceUpTo
    await inParallel(drafts, availableParallelism(), async (draft) => {
      const wentAt = await beginDraft(machines, draft, frozen.from, request.begin === 'start' && !goTogether ? 'run' : 'pause')
      ready.set(draft.core, wentAt - calledAt)
      if (!goTogether) await finish(draft.core, source, frozen.savedAt)
    })
    if (goTogether) {
      await Promise.all(drafts.map(async ({ core }) => {
        await resume(core)
        ready.set(core, performance.now() - calledAt)
        await finish(core, source, frozen.savedAt)
      }))
    }
  } finally {
    await frozen.close()
  }
  return { forks: drafts.map(({ core }) => ({ core, readyMs: ready.get(core) ?? 0 })), source, pauseMs: frozen.pauseMs, isCopied: frozen.from?.ram.length === 0 }
}

function lifeOf({ origin }: ForkSource, request: ForkRequest): Life {
  const expiresAt = request.ttlSeconds === undefined ? null : new Date(Date.now() + request.ttlSeconds * 1000).toISOString()
  return { role: 'machine', origin, throwaway: request.throwaway, expiresAt }
}

/** Whoever is told of a fork finds it, also after a kill: so its mark is waited for. That the fork is put on disk for good, and its clock set, nobody waits for. */
async function finish(core: MachineCore, source: ForkSource, savedAt: number): Promise<void> {
  const { context } = core
  await markMade(context, core.id)
  context.atStep('fork.made')
  const work = async (): Promise<void> => {
    core.happened('started', `${core.name} was forked from ${source.origin.machineName}.`)
    if (source.withRam && core.state === 'running') await setGuestClock(core, savedAt).catch((error: unknown) => context.log(`${core.id}: its clock was not set: ${String(error)}`))
    // After a power cut a throwaway is gone in any case.
    if (!core.stored.life.throwaway) await makeDurable(core)
  }
  work().catch((error: unknown) => context.log(`${core.id}: ${String(error)}`))
}

/** Each fork has put a layer on its parent. Those whose forks are gone are merged; where others need them all, the parent gets a copy. */
async function keepShort(parent: MachineCore): Promise<void> {
  const isLong = async (): Promise<boolean> => Object.values((await readPresent(parent.names)).disks).some((chain) => chain.length > deepestChain)
  if (!(await isLong())) return
  await actOnLayers(parent, async () => {
    if (!(await isLong())) return
    await mergeLayers(parent)
    await shortenChains(parent)
  })
}

/** Puts a fork on disk for good. Until then a power cut may cost it. */
export async function makeDurable(core: MachineCore): Promise<void> {
  if (core.durable) return
  core.durable = true
  await settleFolder(core.names.folder)
  await unmark(core.context, core.id)
}

async function undoFork(context: EngineContext, machines: Machines, id: MachineId): Promise<void> {
  const core = machines.byId(id)
  await (core === null ? removeRemains(context, id) : removeForGood(core, machines)).catch((error: unknown) => context.log(`${id}: a fork that failed is left: ${String(error)}`))
}
