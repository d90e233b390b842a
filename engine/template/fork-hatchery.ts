/** Hatches a run's machines as forks of templates, or of a machine that runs. */
import { isMayflyError, MayflyError } from '../../contract/errors.ts'
import type { MachineId } from '../../contract/ids.ts'
import { shellWord } from '../../contract/shell-word.ts'
import { forkMachine, makeDurable } from '../fork/fork.ts'
import { removeForGood, removeRemains } from '../fork/remove-for-good.ts'
import type { WarmPool } from '../fork/warm-pool.ts'
import type { EngineContext } from '../machine/engine-context.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { liveOf } from '../machine/power.ts'
import type { Machines } from '../machine/machines.ts'
import { unlessAborted, watchForStall } from '../run/guest-stall.ts'
import type { Hatched, Hatchery, HatchWish } from '../run/hatchery.ts'
import { plugIn } from './plug-in.ts'
import type { Templates } from './templates.ts'

export interface ForkHatcheryOptions {
  readonly context: EngineContext
  readonly machines: Machines
  readonly pool: WarmPool
  readonly templates: Templates
  /** A machine's life has changed. */
  readonly onLifeChange: () => void
}

export class ForkHatchery implements Hatchery {
  readonly #options: ForkHatcheryOptions

  constructor(options: ForkHatcheryOptions) {
    this.#options = options
  }

  check(ref: string, wish: Pick<HatchWish, 'cpus' | 'memoryMiB'>): { readonly id: MachineId; readonly name: string } {
    const core = this.#find(ref)
    if (this.#options.templates.checkpointOf(core) === null) core.require('forked for a run', ['running', 'paused'])
    this.#checkCeilings(core, wish)
    return { id: core.id, name: core.name }
  }

  async hatch(wish: HatchWish, onId: (id: MachineId) => Promise<void>, signal: AbortSignal): Promise<Hatched> {
    const calledAt = performance.now()
    const { context, machines, pool, templates } = this.#options
    signal.throwIfAborted()
    const parent = machines.find(wish.template)
    const checkpoint = templates.checkpointOf(parent)
    const { forks } = await forkMachine(context, machines, parent, {
      ...(checkpoint === null ? {} : { checkpoint }),
      count: 1,
      name: wish.name,
      begin: 'start',
      throwaway: true,
      what: 'ram',
      onIds: async ([id]) => {
        signal.throwIfAborted()
        if (id !== undefined) await onId(id)
      },
    }, pool)
    const core = forks[0]?.core
    if (core === undefined) throw new MayflyError('cancelled', 'No fork was made.', {})
    const readyMs = performance.now() - calledAt
    signal.throwIfAborted()
    // Before anything runs in it: a guest that was saved long ago would think that it is then.
    // One that meets a full disk at once never answers.
    const watch = watchForStall(core)
    const helper = await unlessAborted(liveOf(core).exec(), AbortSignal.any([signal, watch.signal])).finally(() => watch.forget())
    helper?.setTime(Date.now())
    await plugIn(core, wish, signal)
    return { core, readyMs }
  }

  async bury(id: MachineId): Promise<void> {
    const { context, machines } = this.#options
    const core = this.find(id)
    if (core === null) await removeRemains(context, id)
    else await removeForGood(core, machines)
  }

  async spare(id: MachineId, until: Date | null): Promise<void> {
    const core = this.find(id)
    if (core === null) throw new MayflyError('conflict', 'The machine of this run is gone already.', { state: 'gone', allowed: ['running'] })
    // One that is kept for a while still goes when it stops; one that is kept for good is a machine like any other.
    await core.saveLife({ ...core.stored.life, throwaway: until !== null, expiresAt: until?.toISOString() ?? null })
    if (until === null) await makeDurable(core)
    this.#options.onLifeChange()
  }

  find(id: MachineId): MachineCore | null {
    return this.#options.machines.byId(id)
  }

  #find(ref: string): MachineCore {
    try {
      return this.#options.machines.find(ref)
    } catch (error) {
      if (!isMayflyError(error, 'not-found')) throw error
      const canBeMade = this.#options.context.images.list().some((image) => image.name === ref)
      throw new MayflyError('not-found', `There is no template called ${ref}.`, { kind: 'template', ref }, { cause: error, next: canBeMade || ref === 'tiny' ? `Make it: mayfly template make ${shellWord(ref)}` : 'mayfly template list shows them all; mayfly template make makes one.' })
    }
  }

  #checkCeilings(core: MachineCore, { cpus, memoryMiB }: Pick<HatchWish, 'cpus' | 'memoryMiB'>): void {
    const has = core.run?.config ?? core.config
    const room = core.stored.hardware?.room
    const most = { cpus: Math.max(has.cpus, room?.cpus ?? 0), memoryMiB: Math.max(has.memoryMiB, room?.memoryMiB ?? 0) }
    const refuse = (needs: string, have: string, flag: string): never => {
      throw new MayflyError('unsupported', `A fork of ${core.name} cannot have ${needs}: it has ${have}.`, { needs, have }, { next: `Make the template with room for it: mayfly template make ${core.commandWord} ${flag}` })
    }
    if (cpus !== undefined && cpus < has.cpus) refuse(`${cpus} CPUs`, `${has.cpus} from the beginning, and none can be taken away`, `--cpus ${cpus}`)
    if (memoryMiB !== undefined && memoryMiB < has.memoryMiB) refuse(`${memoryMiB} MiB`, `${has.memoryMiB} MiB from the beginning, and none can be taken away`, `--memory ${memoryMiB}MiB`)
    if (cpus !== undefined && cpus > most.cpus) refuse(`${cpus} CPUs`, `room for ${most.cpus}`, `--max-cpus ${cpus}`)
    if (memoryMiB !== undefined && memoryMiB > most.memoryMiB) refuse(`${memoryMiB} MiB of memory`, `room for ${most.memoryMiB} MiB`, `--max-memory ${memoryMiB}MiB`)
    if (memoryMiB !== undefined && (memoryMiB - has.memoryMiB) % dimmStepMiB !== 0) refuse(`${memoryMiB} MiB of memory`, `${has.memoryMiB} MiB, to which memory is added in steps of ${dimmStepMiB} MiB`, `--memory ${memoryMiB}MiB`)
  }
}

/** Linux on x86 takes memory in blocks of this size (Documentation/admin-guide/mm/memory-hotplug.rst). */
const dimmStepMiB = 128
