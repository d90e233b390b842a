/** The rules that no single field can state: what fits together, and what this QEMU can do. Used by create and edit alike. */
import { MayflyError } from '../../../contract/errors.ts'
import type { MachineConfig } from '../../../contract/machine.ts'
import type { Capabilities } from './capabilities.ts'
import { chassisOf } from './chassis.ts'
import { configIssues } from './config-rules.ts'
import { clipboardChardev } from './devices/clipboard.ts'
import { inventory } from './inventory.ts'
import { newestMachineType, requireMachineType } from './machine-type.ts'
import { requireAll } from './require-support.ts'

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
  const issues = configIssues(config)
  const [first] = issues
  if (first !== undefined) {
    throw new MayflyError('invalid-input', issues.length === 1 ? first.message : `${issues.length} settings do not fit together. ${first.message}`, { issues })
  }
  requireDirectBoot(config)
  if (context.capabilities !== null) requireCapabilities(config, context.capabilities, context.machineType)
}

/** A micro machine has no firmware that reads a disk. */
function requireDirectBoot(config: MachineConfig): void {
  if (config.profile !== 'micro' || config.directBoot !== undefined) return
  throw new MayflyError(
    'unsupported',
    'A micro machine starts a kernel directly; it cannot boot from a disk or a CD.',
    { needs: 'an image with a kernel', have: 'an image that boots by itself, or none' },
    { next: 'Use a kernel image such as tiny, or the profile paravirtual.' },
  )
}

function requireCapabilities(config: MachineConfig, capabilities: Capabilities, pinned: string | undefined): void {
  const machineType = requireMachineType(pinned ?? newestMachineType(chassisOf(config.profile), capabilities), capabilities)
  if (config.cpus > machineType.cpuMax) {
    throw new MayflyError(
      'unsupported',
      `A machine of the type ${machineType.name} has at most ${machineType.cpuMax} CPUs.`,
      { needs: `${config.cpus} CPUs`, have: `${machineType.cpuMax} CPUs` },
      { next: `Ask for ${machineType.cpuMax} or fewer.` },
    )
  }
  requireAll('device', inventory(config).map((item) => item.driver), capabilities.devices, capabilities)
  requireAll('CPU model', config.cpuModel === 'auto' ? [] : [config.cpuModel], capabilities.cpuModels, capabilities)
  requireAll('character device', config.clipboard ? [clipboardChardev] : [], capabilities.chardevBackends, capabilities)
  requireAll('TPM back end', config.tpm ? ['emulator'] : [], capabilities.tpmBackends, capabilities)
}
