/** Which of QEMU's boards a machine is pinned to. */
import { MayflyError } from '../../../contract/errors.ts'
import type { Capabilities, MachineType } from './capabilities.ts'
import type { Chassis } from './chassis.ts'

/** The board a new machine gets: the one QEMU's moving name stands for, by its versioned name. Throws `unsupported` where there is none. */
export function newestMachineType(chassis: Chassis, capabilities: Capabilities): string {
  const found = chassis === 'microvm' ? find(capabilities, 'microvm') : capabilities.machineTypes.find((type) => type.alias === 'q35')
  if (found === undefined) {
    throw new MayflyError('unsupported', `This QEMU has no ${chassis} machine.`, { needs: `the machine type ${chassis}`, have: `QEMU ${capabilities.qemuVersion.text}` }, { next: 'Install the x86 system emulator of QEMU 7.2 or newer.' })
  }
  return found.name
}

/** The board of that name. Throws `unsupported` where this QEMU no longer has it. */
export function requireMachineType(name: string, capabilities: Capabilities): MachineType {
  const found = find(capabilities, name)
  if (found === undefined) {
    throw new MayflyError(
      'unsupported',
      `The machine's guest was installed on the board ${name}, which this QEMU does not have. Nothing was changed.`,
      { needs: `the machine type ${name}`, have: `QEMU ${capabilities.qemuVersion.text}` },
      { next: 'Start it with a QEMU that has this machine type; MAYFLY_QEMU names one.' },
    )
  }
  return found
}

function find(capabilities: Capabilities, name: string): MachineType | undefined {
  return capabilities.machineTypes.find((type) => type.name === name)
}
