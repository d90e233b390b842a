/** Everything a command line is made of. */
import type { Accelerator } from '../../../contract/accelerator.ts'
import type { MachineId } from '../../../contract/ids.ts'
import type { MachineConfig } from '../../../contract/machine.ts'
import type { Capabilities } from './capabilities.ts'
import type { AudioOutlet } from './devices/sound.ts'
import type { Hardware } from './hardware.ts'
import type { MachinePaths } from './machine-paths.ts'

export interface ArgvInput {
  readonly id: MachineId
  readonly config: MachineConfig
  readonly hardware: Hardware
  readonly capabilities: Capabilities
  readonly accelerator: Accelerator
  readonly paths: MachinePaths
  /** Where the host lets sound out; default: nowhere. */
  readonly audioOutlet?: AudioOutlet | undefined
  /** Folders QEMU searches for its ROMs before its own (`-L`); empty for an installed QEMU. */
  readonly firmwareSearchPaths: readonly string[]
  /** Whether the guest must learn that it was restored or copied: its generation ID is then a new one. */
  readonly newGeneration?: boolean
  /** Whether the machine begins from a saved state, which is loaded over the monitor. */
  readonly incoming?: boolean
  /** How fast the host's time stamp counter runs, where the engine knows it; micro machines under TCG need it to start reliably. */
  readonly hostTscKHz?: number | undefined
}
