/** What other devices are plugged into: PCIe root ports, the SCSI controller, USB with its tablet. */
import type { MachineConfig } from '../../../../contract/machine.ts'
import { addressProperties, hexadecimal } from '../address.ts'
import type { DeviceArguments } from '../device-arguments.ts'
import type { Hardware } from '../hardware.ts'
import { onlyOne, rootPortId } from '../qemu-ids.ts'

/** Slot of the first root ports on pcie.0; eight functions a slot, as many as PCI has. */
const firstRootPortSlot = 0x10
const functionsPerSlot = 8
export const maxRootPorts = 8 * functionsPerSlot

/**
 * Root ports, in order: devices behind them can come and go. A port's number decides its address
 * for ever; ports are only added at the end, because the firmware numbers the buses behind them in
 * this order and guests name network cards by bus number. `chassis` must differ (docs/pcie.txt).
 */
export function rootPortArguments(hardware: Hardware): DeviceArguments {
  return {
    devices: Array.from({ length: hardware.rootPorts }, (_, index) => ({
      driver: 'pcie-root-port',
      id: rootPortId(index),
      bus: 'pcie.0',
      addr: `${hexadecimal(firstRootPortSlot + Math.floor(index / functionsPerSlot))}.${hexadecimal(index % functionsPerSlot)}`,
      multifunction: index % functionsPerSlot === 0,
      chassis: index + 1,
      port: index,
    })),
  }
}

export function needsScsiController(config: Pick<MachineConfig, 'disks' | 'cdroms'>): boolean {
  return [...config.disks, ...config.cdroms].some((device) => device.bus === 'virtio-scsi')
}

export function scsiControllerArguments(hardware: Hardware): DeviceArguments {
  return { devices: [{ driver: 'virtio-scsi-pci', id: onlyOne.scsiController, ...addressProperties(hardware, onlyOne.scsiController) }] }
}

/** Eight ports of each speed, of which the tablet takes the first: a mouse whose pointer is where the viewer's is. */
export function usbArguments(usb: MachineConfig['usb'], hardware: Hardware): DeviceArguments {
  if (!usb.controller) return {}
  return {
    devices: [
      { driver: 'qemu-xhci', id: onlyOne.usbController, ...addressProperties(hardware, onlyOne.usbController), p2: 8, p3: 8 },
      ...(usb.tablet ? [{ driver: 'usb-tablet', id: onlyOne.tablet, bus: `${onlyOne.usbController}.0`, port: '1' }] : []),
    ],
  }
}
