/** CD drives: a drive that stays and a medium that comes and goes, also while the machine runs. */
import type { Cdrom } from '../../../../contract/device.ts'
import { addressProperties } from '../address.ts'
import type { BlockdevArgument, DeviceArguments } from '../device-arguments.ts'
import type { Hardware } from '../hardware.ts'
import { formatNode, storageNode } from '../qemu-ids.ts'

export function cdromDriver(bus: Cdrom['bus']): string {
  return bus === 'sata' ? 'ide-cd' : 'scsi-cd'
}

/**
 * The nodes of a medium, in the order `blockdev-add` takes them. The drive's medium is the second
 * (`formatNode(drive)`), which `blockdev-insert-medium` names; remove both before inserting the next.
 * Always raw: nothing in an ISO file is looked at to find out what it is.
 */
export function cdromMedium(drive: string, path: string): [storage: BlockdevArgument, format: BlockdevArgument] {
  return [
    { driver: 'file', 'node-name': storageNode(drive), filename: path, 'read-only': true },
    { driver: 'raw', 'node-name': formatNode(drive), 'read-only': true, file: storageNode(drive) },
  ]
}

/** A read error of a disc is the guest's to see: a scratched disc is no reason to pause a machine. */
export function cdromArguments(cdrom: Cdrom, mediumPath: string | null, hardware: Hardware): DeviceArguments {
  return {
    blockdevs: mediumPath === null ? [] : cdromMedium(cdrom.id, mediumPath),
    devices: [
      {
        driver: cdromDriver(cdrom.bus),
        id: cdrom.id,
        ...addressProperties(hardware, cdrom.id),
        ...(mediumPath === null ? {} : { drive: formatNode(cdrom.id) }),
        serial: cdrom.id,
        ...(cdrom.bus === 'virtio-scsi' ? { device_id: cdrom.id } : {}),
        ...(cdrom.bootIndex === undefined ? {} : { bootindex: cdrom.bootIndex }),
        werror: 'report',
        rerror: 'report',
      },
    ],
  }
}
