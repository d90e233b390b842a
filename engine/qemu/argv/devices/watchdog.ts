/** A timer the guest must feed, and what happens when it does not. The action itself is QEMU's `-action watchdog=`. */
import type { Watchdog } from '../../../../contract/device.ts'
import { addressProperties } from '../address.ts'
import type { DeviceArguments } from '../device-arguments.ts'
import type { Hardware } from '../hardware.ts'
import { onlyOne } from '../qemu-ids.ts'

export function watchdogArguments(watchdog: Watchdog, hardware: Hardware): DeviceArguments {
  return { devices: [{ driver: watchdog.model, id: onlyOne.watchdog, ...addressProperties(hardware, onlyOne.watchdog) }] }
}
