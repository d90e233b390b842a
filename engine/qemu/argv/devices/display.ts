/** The graphics card. Its picture leaves QEMU only over the VNC socket. */
import type { Display } from '../../../../contract/device.ts'
import { addressProperties } from '../address.ts'
import type { DeviceArguments } from '../device-arguments.ts'
import type { Hardware } from '../hardware.ts'
import { onlyOne } from '../qemu-ids.ts'

/** Null: no graphics card. */
export function displayDriver(model: Display['model']): string | null {
  switch (model) {
    case 'virtio-vga':
      return 'virtio-vga'
    case 'std':
      return 'VGA'
    case 'none':
      return null
  }
}

export function displayArguments(display: Display, hardware: Hardware): DeviceArguments {
  const driver = displayDriver(display.model)
  return driver === null ? {} : { devices: [{ driver, id: onlyOne.display, ...addressProperties(hardware, onlyOne.display) }] }
}
