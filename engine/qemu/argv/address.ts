/** Where a device sits, as the properties QEMU wants it said with. */
import { MayflyError } from '../../../contract/errors.ts'
import type { JsonObject } from './device-arguments.ts'
import type { Address, Hardware } from './hardware.ts'
import { onlyOne } from './qemu-ids.ts'

/** Properties of the device with this id. A device without a place is our fault: the plan comes before the argv. */
export function addressProperties(hardware: Hardware, id: string): JsonObject {
  const address = hardware.addresses[id]
  if (address === undefined) throw new MayflyError('bug', `The device ${id} has no place in the machine's hardware.`, { reference: `argv:address:${id}` })
  return properties(address)
}

function properties(address: Address): JsonObject {
  switch (address.kind) {
    case 'pci':
      return { bus: address.bus, addr: hexadecimal(address.slot) }
    case 'sata':
      // Each port of the AHCI controller is a bus of one device.
      return { bus: `ide.${address.port}`, unit: 0 }
    case 'scsi':
      return { bus: `${onlyOne.scsiController}.0`, channel: 0, 'scsi-id': address.target, lun: 0 }
    case 'mmio':
      return { bus: `virtio-mmio-bus.${address.transport}` }
  }
}

/** 0x1f: how QEMU's PCI addresses are written. */
export function hexadecimal(value: number): string {
  return `0x${value.toString(16)}`
}
