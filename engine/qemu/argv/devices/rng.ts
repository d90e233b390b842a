/** The guest's source of randomness, so that a fresh machine need not wait to make its keys. */
import { addressProperties } from '../address.ts'
import { type Chassis, virtioDriver } from '../chassis.ts'
import type { DeviceArguments } from '../device-arguments.ts'
import type { Hardware } from '../hardware.ts'
import { backendId, onlyOne } from '../qemu-ids.ts'

/** `rng-builtin` asks the host's getrandom(2): no file, nothing that could be missing. */
export function rngArguments(hardware: Hardware, chassis: Chassis): DeviceArguments {
  return {
    objects: [{ 'qom-type': 'rng-builtin', id: backendId(onlyOne.rng) }],
    devices: [{ driver: virtioDriver('virtio-rng', chassis), id: onlyOne.rng, ...addressProperties(hardware, onlyOne.rng), rng: backendId(onlyOne.rng) }],
  }
}
