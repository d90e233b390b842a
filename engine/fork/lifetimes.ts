/**
 * Keeps the promise that a machine deletes itself: a throwaway when it has stopped, any machine when
 * its time is over. What ended, or was due, while no engine was there goes at the next start of one,
 * which is started for it (promises.ts).
 */
import { rm } from 'node:fs/promises'
import { MayflyError } from '../../contract/errors.ts'
import type { MachineId } from '../../contract/ids.ts'
import type { EngineContext } from '../machine/engine-context.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { changedLife, type LifeChange } from '../machine/machine-documents.ts'
import type { Machines } from '../machine/machines.ts'
import { makeDurable } from './fork.ts'
import { hasRunAndEnded } from './has-run-and-ended.ts'
import { removeForGood } from './remove-for-good.ts'

/** Timers stand still while the host sleeps and cannot wait for weeks: the clock is looked at this often. */
const lookEveryMs = 60_000

export class Lifetimes {
  readonly #context: EngineContext
  readonly #machines: Machines
  #timer: NodeJS.Timeout | null = null
  #isClosed = false
  readonly #going = new Map<MachineCore, Promise<void>>()
  /** Could not be removed, and is tried again. */
  readonly #failed = new WeakSet<MachineCore>()

  constructor(context: EngineContext, machines: Machines) {
    this.#context = context
    this.#machines = machines
  }

  /** Removes what ended or was due while no engine was there, and watches from then on. */
  async open(): Promise<void> {
    for (const core of this.#machines.all.filter(hasRunAndEnded)) this.#end(core)
    this.look()
    await this.#settled()
  }

  /** Begins nothing more, and waits for what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.#settled()
  }

  /** A machine's process has ended. */
  ended(machine: MachineId): void {
    const core = this.#machines.byId(machine)
    if (core?.stored.life.throwaway === true) this.#end(core)
  }

  /** Someone's life has changed, or begun: looks for whom it is time, and when the next is. */
  look(): void {
    if (this.#isClosed) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    let waitMs = lookEveryMs
    let isNeeded = false
    for (const core of this.#machines.all) {
      const { expiresAt } = core.stored.life
      // Only after a first attempt: one that is just being restored has an end on record, too.
      const hasEnded = this.#failed.has(core) && hasRunAndEnded(core)
      if (expiresAt === null && !hasEnded) continue
      isNeeded = true
      const leftMs = expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(expiresAt) - Date.now()
      if (hasEnded) this.#end(core)
      else if (leftMs > 0) waitMs = Math.min(waitMs, leftMs)
      else this.#end(core, `The time of ${core.name} is over. It is deleted.`)
    }
    this.#timer = isNeeded ? setTimeout(() => this.look(), waitMs) : null
    this.#timer?.unref()
  }

  /** What an engine that is asked to stay promises. */
  obligations(): string[] {
    return this.#machines.all.flatMap((core) => {
      const { expiresAt } = core.stored.life
      return expiresAt === null ? [] : [`deleting ${core.name} at ${expiresAt}`]
    })
  }

  /** A machine that ran has told of its end itself. */
  #end(core: MachineCore, sentence?: string): void {
    if (this.#isClosed || this.#going.has(core)) return
    if (sentence !== undefined) core.happened('stopped', sentence)
    const going = removeForGood(core, this.#machines)
      .then(
        () => this.#context.log(`${core.id} (${core.name}) deleted itself.`),
        (error: unknown) => {
          this.#context.log(`${core.id} could not delete itself, and is tried again: ${String(error)}`)
          this.#failed.add(core)
          if (!this.#isClosed) this.#timer ??= setTimeout(() => this.look(), lookEveryMs).unref()
        },
      )
      .finally(() => this.#going.delete(core))
    this.#going.set(core, going)
  }

  async #settled(): Promise<void> {
    await Promise.all(this.#going.values())
  }
}

/** Says how long a machine lives. Throws `conflict` for a template, `no-space`. */
export async function setLife(core: MachineCore, lifetimes: Lifetimes, change: LifeChange): Promise<void> {
  await core.queue.run(async () => {
    core.requireListed()
    const life = changedLife(core.stored.life, change)
    if (life.role === 'template' && (life.throwaway || life.expiresAt !== null)) {
      throw new MayflyError('conflict', `${core.name} is a template; it lives until it is removed.`, { state: 'template', allowed: [] }, { next: `Remove it: mayfly template remove ${core.commandWord}` })
    }
    // One that is off waits for its next run; how an earlier one ended is no reason to go.
    if (life.throwaway && !core.stored.life.throwaway && core.stored.lastExit !== null) {
      await rm(core.names.lastExit, { force: true })
      core.update({ lastExit: null })
    }
    await core.saveLife(life)
  })
  lifetimes.look()
  if (!core.stored.life.throwaway) await makeDurable(core)
}
