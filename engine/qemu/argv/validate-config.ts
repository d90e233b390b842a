/** The rules that no single field can state: what fits together, and what this QEMU can do. Used by create and edit alike. */
import type { MachineConfig } from '../../../contract/machine.ts'
import { MayflyError } from '../../../contract/errors.ts'
import type { Capabilities } from './capabilities.ts'

export interface ConfigContext {
  /** Null where QEMU is missing: then only what needs no QEMU is checked. */
  readonly capabilities: Capabilities | null
  /** The machine type the hardware is pinned to; absent before the first start. */
  readonly machineType?: string | undefined
}

/**
 * Throws `invalid-input`, an issue for each field that does not fit the others, or `unsupported` where this QEMU lacks
 * something the configuration needs.
 */
export function validateConfig(config: MachineConfig, context: ConfigContext): void {
  throw new MayflyError('bug', `No rules for ${config.name}, ${context.machineType}.`, { reference: 'validate-config' })
}
