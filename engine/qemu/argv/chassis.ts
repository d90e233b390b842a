/**
 * The two kinds of board a machine can have. q35 is a PC with PCI Express; microvm has no PCI, no
 * ACPI tables for plugged devices and no disk firmware, so it starts a kernel directly.
 * Sources: QEMU docs/system/i386/pc.rst and docs/system/i386/microvm.rst.
 */
import type { Profile } from '../../../contract/machine.ts'

export type Chassis = 'q35' | 'microvm'

export function chassisOf(profile: Profile): Chassis {
  switch (profile) {
    case 'paravirtual':
    case 'compatible':
      return 'q35'
    case 'micro':
      return 'microvm'
  }
}

/** The same virtio device for the board's bus: PCI, or a virtio-mmio transport. */
export function virtioDriver(name: string, chassis: Chassis): string {
  return chassis === 'q35' ? `${name}-pci` : `${name}-device`
}
