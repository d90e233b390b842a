/** Where a run's machines come from and where they go: all that a run needs to know of templates and forks. */
import type { MachineId } from '../../contract/ids.ts'
import type { MachineCore } from '../machine/machine-core.ts'

export interface HatchWish {
  readonly template: MachineId
  readonly name: string
  readonly cpus?: number | undefined
  readonly memoryMiB?: number | undefined
}

export interface Hatched {
  readonly core: MachineCore
  /** From the call to its CPUs running. */
  readonly readyMs: number
}

export interface Hatchery {
  /** The template a person means, and what it is called. Throws `not-found`, `conflict` where it cannot be forked, `unsupported` beyond its ceilings. */
  check(template: string, wish: Pick<HatchWish, 'cpus' | 'memoryMiB'>): { readonly id: MachineId; readonly name: string }
  /** A running throwaway fork. `onId` is called, and waited for, before anything of it exists. */
  hatch(wish: HatchWish, onId: (id: MachineId) => Promise<void>, signal: AbortSignal): Promise<Hatched>
  /** Ends and deletes it for good. One that is gone already is fine. */
  bury(id: MachineId): Promise<void>
  /** Lets it live until `until`, or for good. Throws `conflict` where it is gone. */
  spare(id: MachineId, until: Date | null): Promise<void>
  /** The machine, while it is there. */
  find(id: MachineId): MachineCore | null
}
