/**
 * Knows how many machines come from each. They are counted as they come and go: with every change
 * of a machine its template is told of, and counting anew would cost as much as there are machines.
 */
import type { MachineId } from '../../contract/ids.ts'

export class ForkCounts {
  readonly #parents = new Map<MachineId, MachineId>()
  readonly #counts = new Map<MachineId, number>()

  /** What a machine is a fork of now; null: of none, or it is gone. Answers with the machines that have more or fewer forks by that. */
  note(machine: MachineId, parent: MachineId | null): MachineId[] {
    const before = this.#parents.get(machine) ?? null
    if (before === parent) return []
    if (parent === null) this.#parents.delete(machine)
    else this.#parents.set(machine, parent)
    this.#add(before, -1)
    this.#add(parent, 1)
    return [before, parent].filter((id) => id !== null)
  }

  /** How many forks of this machine there are. */
  of(parent: MachineId): number {
    return this.#counts.get(parent) ?? 0
  }

  #add(parent: MachineId | null, change: 1 | -1): void {
    if (parent === null) return
    const count = this.of(parent) + change
    if (count === 0) this.#counts.delete(parent)
    else this.#counts.set(parent, count)
  }
}
