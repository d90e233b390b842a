/** What somebody wants to be forked, and how. */
import type { MachineId } from '../../contract/ids.ts'
import type { MachineFolderNames } from '../storage/names.ts'

export interface ForkRequest {
  /** Fork this checkpoint instead of the machine as it is. */
  readonly checkpoint?: string | undefined
  readonly count: number
  /** `{n}` becomes a number. */
  readonly name?: string | undefined
  readonly begin: 'start' | 'pause'
  readonly throwaway: boolean
  readonly ttlSeconds?: number | undefined
  readonly what: 'auto' | 'ram' | 'disks'
  /** Told, and waited for, before anything of the forks exists. */
  readonly onIds?: (ids: readonly MachineId[]) => Promise<void>
  /** Writes what belongs into the folder of each fork from its beginning. */
  readonly fill?: ((names: MachineFolderNames) => Promise<void>) | undefined
}
