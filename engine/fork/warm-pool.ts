/**
 * Forks that wait: for a checkpoint that is forked often, processes stand ready so that a fork costs
 * only the loading of its state. How many follows use and the host's free memory, and is none until the
 * first fork. They belong to this engine: it ends them, or the next one does.
 */
import { totalmem } from 'node:os'
import type { CheckpointId, MachineId } from '../../contract/ids.ts'
import { actOnLayers } from '../checkpoint/layer-acts.ts'
import { findCheckpoint } from '../checkpoint/find-checkpoint.ts'
import { availableMemoryBytes } from '../host/available-memory.ts'
import type { EngineContext } from '../machine/engine-context.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import type { SavedPoint } from '../machine/saved-point.ts'
import { type FrozenSource, sourceSaved } from './fork-source.ts'
import { removeRemains } from './remove-for-good.ts'
import { prepareSlot, type WarmSlot } from './warm-slot.ts'

const mebibyte = 1024 * 1024
/** A QEMU that waits; measured 38 MB. */
const slotBytes = 48 * mebibyte
/** As many as were forked within this time wait for the next time, by themselves at most so many. */
const recentMs = 60_000
const mostByItself = 8
/** Nobody forked for this long: none waits any more. */
const forgottenAfterMs = 300_000
const lookEveryMs = 30_000
const refillAfterMs = 250

interface Bench {
  readonly parent: MachineCore
  readonly checkpoint: CheckpointId
  wanted: 'auto' | number
  readonly slots: WarmSlot[]
  /** When forks were taken, latest last. */
  uses: number[]
  /** What all slots begin from, opened once. */
  ground: Promise<{ readonly frozen: FrozenSource; readonly from: SavedPoint }> | null
  /** Slots being made; null: none is. */
  filling: Promise<void> | null
  isGone: boolean
}

export interface WarmPoolOptions {
  readonly context: EngineContext
  /** How many wait has changed. */
  readonly onChange: () => void
}

export class WarmPool {
  readonly #options: WarmPoolOptions
  readonly #benches = new Map<MachineId, Bench>()
  readonly #timer: NodeJS.Timeout
  #isClosed = false
  readonly #work = new Set<Promise<void>>()

  constructor(options: WarmPoolOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#look(), lookEveryMs)
    this.#timer.unref()
  }

  /** How many wait now for forks of this machine. */
  waiting(machine: MachineId): number {
    return this.#benches.get(machine)?.slots.length ?? 0
  }

  /** How many shall wait. `checkpoint`: what they begin from; null: none is to be had any more. */
  want(parent: MachineCore, checkpoint: CheckpointId | null, wanted: 'auto' | number): void {
    const known = this.#benches.get(parent.id)
    if (known !== undefined && known.checkpoint !== checkpoint) this.#drop(known)
    if (checkpoint === null || this.#isClosed) return
    const bench = this.#benches.get(parent.id) ?? { parent, checkpoint, wanted, slots: [], uses: [], ground: null, filling: null, isGone: false }
    bench.wanted = wanted
    this.#benches.set(parent.id, bench)
    this.#settle(bench)
  }

  /** Forks that wait for this checkpoint, at most `count`; they are the caller's from now on. Tells the pool that it is used. */
  take(parent: MachineCore, checkpoint: CheckpointId, count: number): WarmSlot[] {
    const bench = this.#benches.get(parent.id)
    if (bench === undefined || bench.checkpoint !== checkpoint) return []
    const now = performance.now()
    bench.uses.push(...Array.from({ length: count }, () => now))
    const taken = bench.slots.splice(0, count)
    if (taken.length > 0) this.#options.onChange()
    // Whoever waits for a fork, and for its first command, comes first.
    setTimeout(() => this.#settle(bench), refillAfterMs).unref()
    return taken
  }

  /** Ends all that wait. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    for (const bench of [...this.#benches.values()]) this.#drop(bench)
    while (this.#work.size > 0) await Promise.all(this.#work)
  }

  #look(): void {
    for (const bench of this.#benches.values()) this.#settle(bench)
  }

  #target(bench: Bench): number {
    const now = performance.now()
    bench.uses = bench.uses.filter((at) => now - at < forgottenAfterMs)
    const recent = bench.uses.filter((at) => now - at < recentMs).length
    const wish = bench.wanted === 'auto' ? (bench.uses.length === 0 ? 0 : Math.min(mostByItself, Math.max(1, recent))) : bench.wanted
    const room = Math.floor((availableMemoryBytes() - Math.max(1024 * mebibyte, totalmem() / 5)) / slotBytes)
    return Math.max(0, Math.min(wish, bench.slots.length + room))
  }

  #settle(bench: Bench): void {
    if (bench.isGone || this.#isClosed) return
    this.#trim(bench)
    if (bench.filling !== null || bench.slots.length >= this.#target(bench)) return
    bench.filling = this.#fill(bench).finally(() => {
      bench.filling = null
    })
    this.#track(bench.filling)
  }

  #trim(bench: Bench): void {
    const target = this.#target(bench)
    for (const slot of bench.slots.splice(target)) {
      this.#end(slot)
      this.#options.onChange()
    }
  }

  /** One after the other: forks that somebody waits for are started at the same time. */
  async #fill(bench: Bench): Promise<void> {
    const { context } = this.#options
    try {
      while (!bench.isGone && !this.#isClosed && bench.slots.length < this.#target(bench)) {
        const slot = await actOnLayers(bench.parent, async () => {
          const source = await sourceSaved(bench.parent, await findCheckpoint(bench.parent, bench.checkpoint), 'ram')
          bench.ground ??= openGround(source)
          const { frozen, from } = await bench.ground.catch((error: unknown) => {
            bench.ground = null
            throw error
          })
          return prepareSlot(bench.parent, source, frozen, from)
        })
        if (bench.isGone || this.#isClosed) {
          this.#end(slot)
          return
        }
        bench.slots.push(slot)
        slot.launched.ended.addEventListener('abort', () => this.#lost(bench, slot), { once: true })
        if (slot.launched.ended.aborted) this.#lost(bench, slot)
        this.#options.onChange()
        // Fewer may be wanted than when it was begun.
        this.#trim(bench)
      }
    } catch (error) {
      // Forks can be had all the same; the next one tries again.
      bench.uses = []
      context.log(`${bench.parent.id}: no fork of it can wait: ${String(error)}`)
    }
  }

  /** Its QEMU ended while it waited. */
  #lost(bench: Bench, slot: WarmSlot): void {
    const place = bench.slots.indexOf(slot)
    if (place === -1) return
    bench.slots.splice(place, 1)
    this.#end(slot)
    this.#options.onChange()
  }

  #drop(bench: Bench): void {
    bench.isGone = true
    this.#benches.delete(bench.parent.id)
    for (const slot of bench.slots.splice(0)) this.#end(slot)
    this.#track(closeGround(bench))
    this.#options.onChange()
  }

  #end({ core, launched }: WarmSlot): void {
    const { context } = this.#options
    launched.qmp.close()
    this.#track(removeRemains(context, core.id).catch((error: unknown) => context.log(`${core.id}: a fork that waited is left: ${String(error)}`)))
  }

  #track(work: Promise<void>): void {
    const tracked: Promise<void> = work.finally(() => this.#work.delete(tracked))
    this.#work.add(tracked)
  }
}

/** A slot that is just being made may still open the ground, and needs it until it is made. */
async function closeGround(bench: Bench): Promise<void> {
  await bench.filling
  await bench.ground?.then(({ frozen }) => frozen.close(), () => undefined)
}

async function openGround(source: { freeze(): Promise<FrozenSource> }): Promise<{ frozen: FrozenSource; from: SavedPoint }> {
  const frozen = await source.freeze()
  const { from } = frozen
  if (from !== null) return { frozen, from }
  await frozen.close()
  throw new Error('A checkpoint without RAM is nothing to wait with.')
}
