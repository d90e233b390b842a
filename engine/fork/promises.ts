/**
 * What must happen although no engine may be there: machines that delete themselves, and what is
 * half done. Whoever holds the engine is told of each change before or right after it, so that an
 * engine that is killed at any moment leaves word of what it owes.
 */
import { hasProcess } from '../../contract/machine-state.ts'
import type { MachineId } from '../../contract/ids.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { hasRunAndEnded } from './has-run-and-ended.ts'

export interface PromisedEnd {
  /** It goes at this time. */
  readonly at: Date | null
  /** It goes when the process with this pid file has ended. */
  readonly pidFile: string | null
  /** Where to tell its owner what came in the way. */
  readonly eventLog: string
}

export interface Promises {
  readonly ends: readonly PromisedEnd[]
  /** Something is half done: an engine that is gone needs a successor at once. */
  readonly isUnsettled: boolean
}

export class PromiseBook {
  readonly #tell: (promises: Promises) => void
  readonly #ends = new Map<MachineId, PromisedEnd>()
  readonly #unsettled = new Set<string>()
  #isOpen = false
  #isTold = true
  #telling: NodeJS.Immediate | null = null

  constructor(tell: (promises: Promises) => void) {
    this.#tell = tell
  }

  /** Until then what an earlier engine promised stands. To be called when all machines are listed and what was left is settled. */
  open(machines: readonly MachineCore[]): void {
    this.#isOpen = true
    for (const core of machines) this.note(core)
    this.#isTold = false
    this.#flush()
  }

  /** A machine has changed. */
  note(core: MachineCore): void {
    const before = this.#ends.get(core.id)
    const now = promisedEnd(core)
    if (before?.at?.getTime() === now?.at?.getTime() && before?.pidFile === now?.pidFile) return
    if (now === null) this.#ends.delete(core.id)
    else this.#ends.set(core.id, now)
    this.#changed()
  }

  /** A machine has left the list. */
  forget(machine: MachineId): void {
    if (this.#ends.delete(machine)) this.#changed()
  }

  /** Something begins, or has ceased, to be half done. What begins is told before this returns. */
  unsettled(what: string, isUnsettled: boolean): void {
    const before = this.#unsettled.size
    if (isUnsettled) this.#unsettled.add(what)
    else this.#unsettled.delete(what)
    if (before > 0 === this.#unsettled.size > 0) return
    this.#changed()
    if (isUnsettled) this.#flush()
  }

  /** Tells what is promised when this engine has gone. */
  close(): void {
    this.#flush()
    this.#isOpen = false
    if (this.#telling !== null) clearImmediate(this.#telling)
  }

  #changed(): void {
    this.#isTold = false
    this.#telling ??= setImmediate(() => {
      this.#telling = null
      this.#flush()
    })
  }

  #flush(): void {
    if (!this.#isOpen || this.#isTold) return
    this.#isTold = true
    this.#tell({ ends: [...this.#ends.values()], isUnsettled: this.#unsettled.size > 0 })
  }
}

function promisedEnd(core: MachineCore): PromisedEnd | null {
  const { life } = core.stored
  const goesWhenItEnds = life.throwaway && (hasProcess(core.state) || hasRunAndEnded(core))
  if (!goesWhenItEnds && life.expiresAt === null) return null
  return {
    at: life.expiresAt === null ? null : new Date(life.expiresAt),
    pidFile: goesWhenItEnds ? core.runtime.pidFile : null,
    eventLog: core.names.eventLog,
  }
}
