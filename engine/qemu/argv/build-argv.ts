/**
 * Machine and capabilities in, argv out: the one place where a machine becomes a QEMU command
 * line. Pure, so the goldens beside it say exactly what every kind of machine is started with.
 */
import { MayflyError } from '../../../contract/errors.ts'
import type { MachineId } from '../../../contract/ids.ts'
import type { MachineConfig } from '../../../contract/machine.ts'
import type { Capabilities } from './capabilities.ts'
import type { Accelerator, Hardware } from './hardware.ts'
import type { MachinePaths } from './machine-paths.ts'

export interface ArgvInput {
  readonly id: MachineId
  readonly config: MachineConfig
  readonly hardware: Hardware
  readonly capabilities: Capabilities
  readonly accelerator: Accelerator
  readonly paths: MachinePaths
  /** Folders QEMU searches for its ROMs before its own (`-L`); empty for an installed QEMU. */
  readonly firmwareSearchPaths: readonly string[]
  /** Whether the guest must learn that it was restored or copied: its generation ID is then a new one. */
  readonly newGeneration?: boolean
}

/**
 * The arguments after the binary's name. The process starts with its CPUs stopped (`-S`).
 * Errors: `unsupported` where this QEMU lacks something the machine needs, `bug` where a path is missing.
 */
export function buildArgv(input: ArgvInput): string[] {
  throw new MayflyError('bug', `The arguments of ${input.id} are not written.`, { reference: 'build-argv' })
}
