/** The device through which a guest kernel tells of its panic, so that the machine is paused with everything as it was. */
import type { Profile } from '../../../../contract/machine.ts'
import { addressProperties } from '../address.ts'
import type { Capabilities } from '../capabilities.ts'
import type { DeviceArguments } from '../device-arguments.ts'
import type { Hardware } from '../hardware.ts'
import { onlyOne } from '../qemu-ids.ts'

/**
 * The panic device of a new machine. Compatible machines get the ISA one: ACPI hides it from
 * Windows' list of unknown devices (docs/specs/pvpanic.rst). A microvm has no table to announce it in.
 */
export function choosePanicDevice(profile: Profile, capabilities: Capabilities): Hardware['panicDevice'] {
  if (profile === 'micro') return null
  const device = profile === 'compatible' ? 'pvpanic' : 'pvpanic-pci'
  return capabilities.devices.includes(device) ? device : null
}

export function panicArguments(hardware: Hardware): DeviceArguments {
  switch (hardware.panicDevice) {
    case null:
      return {}
    case 'pvpanic':
      return { devices: [{ driver: 'pvpanic', id: onlyOne.panic }] }
    case 'pvpanic-pci':
      return { devices: [{ driver: 'pvpanic-pci', id: onlyOne.panic, ...addressProperties(hardware, onlyOne.panic) }] }
  }
}
