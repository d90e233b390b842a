/**
 * The devices a configuration asks for: their ids, QEMU's names for them, and the kind of place each
 * needs. Planning gives them places by this list, and validation looks whether QEMU has them.
 */
import type { Disk } from '../../../contract/device.ts'
import type { MachineConfig } from '../../../contract/machine.ts'
import { type Chassis, chassisOf, virtioDriver } from './chassis.ts'
import { cdromDriver } from './devices/cdrom.ts'
import { needsScsiController } from './devices/controllers.ts'
import { diskDriver } from './devices/disk.ts'
import { displayDriver } from './devices/display.ts'
import { nicDriver } from './devices/nic.ts'
import { soundCodec, soundController } from './devices/sound.ts'
import { tpmDriver } from './devices/tpm.ts'
import type { Hardware } from './hardware.ts'
import { codecId, onlyOne } from './qemu-ids.ts'

/**
 * `board`: a slot of pcie.0 of its own, for what stays. `port`: behind a root port, for what may come and go.
 * `none`: QEMU knows one place only.
 */
export type PlaceKind = 'board' | 'port' | 'sata' | 'scsi' | 'mmio' | 'none'

export interface InventoryItem {
  readonly id: string
  readonly driver: string
  readonly place: PlaceKind
}

/** Everything but root ports and what `panicDevice` adds, in the order places are given. */
export function inventory(config: MachineConfig): InventoryItem[] {
  const chassis = chassisOf(config.profile)
  const board: PlaceKind = chassis === 'q35' ? 'board' : 'mmio'
  const display = displayDriver(config.display.model)
  const when = (condition: boolean, id: string, driver: string, place: PlaceKind): InventoryItem[] => (condition ? [{ id, driver, place }] : [])
  return [
    ...when(display !== null, onlyOne.display, display ?? '', board),
    ...when(needsScsiController(config), onlyOne.scsiController, virtioDriver('virtio-scsi', chassis), board),
    { id: onlyOne.serialBus, driver: virtioDriver('virtio-serial', chassis), place: board },
    ...when(config.sound === 'on', onlyOne.sound, soundController, board),
    ...when(config.sound === 'on', codecId(onlyOne.sound), soundCodec, 'none'),
    ...when(config.usb.controller, onlyOne.usbController, 'qemu-xhci', board),
    ...when(config.usb.tablet, onlyOne.tablet, 'usb-tablet', 'none'),
    ...when(config.rng, onlyOne.rng, virtioDriver('virtio-rng', chassis), board),
    ...when(config.balloon, onlyOne.balloon, virtioDriver('virtio-balloon', chassis), board),
    ...when(config.watchdog !== undefined, onlyOne.watchdog, 'i6300esb', board),
    ...when(config.vmgenid, onlyOne.vmgenid, 'vmgenid', 'none'),
    ...when(config.tpm, onlyOne.tpm, tpmDriver, 'none'),
    ...config.disks.map((disk) => ({ id: disk.id, driver: diskDriver(disk.bus, chassis), place: diskPlace(disk, chassis) })),
    ...config.cdroms.map((cdrom): InventoryItem => ({ id: cdrom.id, driver: cdromDriver(cdrom.bus), place: cdrom.bus === 'sata' ? 'sata' : 'scsi' })),
    ...config.nics.map((nic): InventoryItem => ({ id: nic.id, driver: nicDriver(nic.model, chassis), place: chassis === 'q35' ? 'port' : 'mmio' })),
  ]
}

/** The panic device, once the machine's hardware says which it is. */
export function panicItem(panicDevice: Hardware['panicDevice']): InventoryItem[] {
  return panicDevice === null ? [] : [{ id: onlyOne.panic, driver: panicDevice, place: panicDevice === 'pvpanic-pci' ? 'board' : 'none' }]
}

function diskPlace(disk: Disk, chassis: Chassis): PlaceKind {
  switch (disk.bus) {
    case 'virtio-blk':
      return chassis === 'q35' ? 'port' : 'mmio'
    case 'nvme':
      return 'port'
    case 'virtio-scsi':
      return 'scsi'
    case 'sata':
      return 'sata'
  }
}
