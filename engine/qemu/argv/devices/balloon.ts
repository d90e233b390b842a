/** The memory balloon: gives pages the guest does not use back to the host. */
import { addressProperties } from '../address.ts'
import { type Chassis, virtioDriver } from '../chassis.ts'
import type { DeviceArguments } from '../device-arguments.ts'
import type { Hardware } from '../hardware.ts'
import { onlyOne } from '../qemu-ids.ts'

/**
 * `free-page-reporting`: the guest names free pages by itself. `deflate-on-oom`: a guest that runs
 * out of memory takes pages back instead of killing processes.
 */
export function balloonArguments(hardware: Hardware, chassis: Chassis): DeviceArguments {
  return {
    devices: [
      { driver: virtioDriver('virtio-balloon', chassis), id: onlyOne.balloon, ...addressProperties(hardware, onlyOne.balloon), 'deflate-on-oom': true, 'free-page-reporting': true },
    ],
  }
}
