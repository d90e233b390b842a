/**
 * Keeps the promise that a machine deletes itself: a throwaway when it has stopped, any machine when
 * its time is over. What ended, or was due, while no engine was there goes at the next start of one.
 */
import { MayflyError } from '../../contract/errors.ts'
import type { MachineId } from '../../contract/ids.ts'
import { statesAtRest } from '../../contract/machine-state.ts'
import type { EngineContext } from '../machine/engine-context.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { changedLife, type LifeChange } from '../machine/machine-documents.ts'
import type { Machines } from '../machine/machines.ts'
import { makeDurable } from './fork.ts'
import { removeForGood } from './remove-for-good.ts'

/** Timers stand still while the host sleeps and cannot wait for weeks: the clock is looked at this often. */
const lookEveryMs = 60_000

export class Lifetimes {
  readonly #context: EngineContext
  readonly #machines: Machines
  #timer: NodeJS.Timeout | null = null
  #isClosed = false
  readonly #going = new Set<MachineCore>()

  constructor(context: EngineContext, machines: Machines) {
    this.#context = context
    this.#machines = machines
  }

  /** Removes what ended or was due while no engine was there, and watches from then on. */
  async open(): Promise<void> {
    await Promise.all(this.#machines.all.filter(hasRun).map((core) => this.#end(core)))
    this.look()
  }

  close(): void {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  /** A machine's process has ended. */
  ended(machine: MachineId): void {
    const core = this.#machines.byId(machine)
    if (core?.stored.life.throwaway === true) void this.#end(core)
  }

  /** Someone's life has changed, or begun: looks for whom it is time, and when the next is. */
  look(): void {
    if (this.#isClosed) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    let waitMs = lookEveryMs
    let isNeeded = false
    for (const core of this.#machines.all) {
      const { expiresAt } = core.stored.life
      if (expiresAt === null) continue
      isNeeded = true
      const leftMs = Date.parse(expiresAt) - Date.now()
      if (leftMs > 0) waitMs = Math.min(waitMs, leftMs)
      else void this.#end(core, `The time of ${core.name} is over. It is deleted.`)
    }
    this.#timer = isNeeded ? setTimeout(() => this.look(), waitMs) : null
    this.#timer?.unref()
  }

  /** What an engine that is asked to stay promises. */
  obligations(): string[] {
    return this.#machines.all.flatMap((core) => {
      const { expiresAt } = core.stored.life
      return expiresAt === null ? [] : [`deletes ${core.name} at ${expiresAt}`]
    })
  }

  /** A machine that ran has told of its end itself. */
  async #end(core: MachineCore, sentence?: string): Promise<void> {
    if (this.#isClosed || this.#going.has(core)) return
    this.#going.add(core)
    if (sentence !== undefined) core.happened('stopped', sentence)
    try {
      await removeForGood(core, this.#machines)
      this.#context.log(`${core.id} (${core.name}) deleted itself.`)
    } catch (error) {
      this.#context.log(`${core.id} could not delete itself, and is tried again: ${String(error)}`)
    } finally {
      this.#going.delete(core)
    }
  }
}

/** A throwaway that was made and never started is still waited for. */
function hasRun(core: MachineCore): boolean {
  const { life, lastExit } = core.stored
  return life.throwaway && statesAtRest.some((state) => state === core.state) && lastExit !== null && lastExit.kind !== 'launch-failed'
}

/** Says how long a machine lives. Throws `conflict` for a template, `no-space`. */
export async function setLife(core: MachineCore, lifetimes: Lifetimes, change: LifeChange): Promise<void> {
  await core.queue.run(async () => {
    core.requireListed()
    const life = changedLife(core.stored.life, change)
    if (life.role === 'template' && (life.throwaway || life.expiresAt !== null)) {
      throw new MayflyError('conflict', `${core.name} is a template; it lives until it is removed.`, { state: 'template', allowed: [] }, { next: `Remove it: mayfly template remove ${core.id}` })
    }
    await core.saveLife(life)
  })
  lifetimes.look()
  if (!core.stored.life.throwaway) await makeDurable(core)
}
