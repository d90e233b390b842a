/**
 * Disks: a chain of layers as block nodes, and the device in front. Every layer is named here and
 * `backing` is always given, so QEMU follows no name that stands in an image.
 */
import type { Disk, DiskBus } from '../../../../contract/device.ts'
import { MayflyError } from '../../../../contract/errors.ts'
import { addressProperties } from '../address.ts'
import { type Chassis, virtioDriver } from '../chassis.ts'
import type { BlockdevArgument, DeviceArgument, DeviceArguments, JsonObject } from '../device-arguments.ts'
import type { Hardware } from '../hardware.ts'
import type { DiskLayer } from '../machine-paths.ts'
import { formatNode, storageNode } from '../qemu-ids.ts'

export function diskDriver(bus: DiskBus, chassis: Chassis): string {
  switch (bus) {
    case 'virtio-blk':
      return virtioDriver('virtio-blk', chassis)
    case 'virtio-scsi':
      return 'scsi-hd'
    case 'sata':
      return 'ide-hd'
    case 'nvme':
      return 'nvme'
  }
}

export function diskArguments(disk: Disk, layers: readonly DiskLayer[], hardware: Hardware, chassis: Chassis): DeviceArguments {
  if (layers.length === 0) throw new MayflyError('bug', `The disk ${disk.id} has no layer.`, { reference: `argv:layers:${disk.id}` })
  const top = layers.length - 1
  return {
    blockdevs: layers.flatMap((layer, index) => (index === top ? activeNodes(disk, layer, index) : frozenNodes(disk, layer, index))),
    devices: [diskDevice(disk, hardware, chassis)],
  }
}

/**
 * The two nodes of an active layer over layer `index - 1`. Also what `blockdev-add` needs before a
 * snapshot is taken. `auto-read-only`: once something lies on top, QEMU keeps no writable descriptor to a frozen file.
 */
function activeNodes(disk: Disk, layer: DiskLayer, index: number): BlockdevArgument[] {
  const cache = cacheOptions(disk)
  return [
    { driver: 'file', 'node-name': storageNode(disk.id), filename: layer.path, 'auto-read-only': true, discard: 'unmap', cache },
    {
      driver: layer.format,
      'node-name': formatNode(disk.id),
      'read-only': disk.readOnly,
      discard: 'unmap',
      // Zeroes the guest writes become holes; needs `discard` (QAPI, BlockdevDetectZeroesOptions).
      'detect-zeroes': disk.readOnly ? 'off' : 'unmap',
      cache,
      file: storageNode(disk.id),
      ...backing(disk, layer, index),
    },
  ]
}

/**
 * The two nodes of a layer that is put on top while the machine runs: added with `blockdev-add`, in
 * this order, before `blockdev-snapshot` lays the second over the active one (which it wants without a
 * backing node). `number` must be free for this disk.
 */
export function overlayNodes(disk: Disk, path: string, number: number): BlockdevArgument[] {
  return activeNodes(disk, { path, format: 'qcow2' }, 0).map((node): BlockdevArgument => {
    const isStorage = node['node-name'] === storageNode(disk.id)
    return { ...node, 'node-name': isStorage ? storageNode(disk.id, number) : formatNode(disk.id, number), ...(isStorage ? {} : { file: storageNode(disk.id, number) }) }
  })
}

/**
 * What `blockdev-reopen` is told of a format node that is written to and shall stay as it is, on `below` or on
 * nothing: before it says that it is done QEMU has written all it knew of the layer, or says why not.
 */
export function reopenedNode(disk: Disk, node: string, below: string | null): BlockdevArgument {
  const [, format = { driver: 'qcow2' }] = activeNodes(disk, { path: '', format: 'qcow2' }, 0)
  return { ...format, 'node-name': node, file: node.replace('-format', '-storage'), backing: below }
}

function frozenNodes(disk: Disk, layer: DiskLayer, index: number): BlockdevArgument[] {
  const cache = cacheOptions(disk)
  return [
    { driver: 'file', 'node-name': storageNode(disk.id, index), filename: layer.path, 'auto-read-only': true, discard: 'unmap', cache },
    { driver: layer.format, 'node-name': formatNode(disk.id, index), 'read-only': true, discard: 'unmap', cache, file: storageNode(disk.id, index), ...backing(disk, layer, index) },
  ]
}

/** An explicit null says "none, whatever the header names" (QAPI, BlockdevOptionsGenericCOWFormat). */
function backing(disk: Disk, layer: DiskLayer, index: number): JsonObject {
  if (layer.format === 'raw') return {}
  return { backing: index === 0 ? null : formatNode(disk.id, index - 1) }
}

function cacheOptions(disk: Disk): JsonObject {
  return { direct: disk.cache === 'direct', 'no-flush': disk.cache === 'unsafe' }
}

/**
 * `werror` and `rerror` pause the machine when the host's disk is full or fails, instead of
 * letting the guest see an error it would not survive. NVMe has neither: its guest gets the error.
 * `rotation_rate` 1 says "solid state" (ATA and SCSI), so that guests trim and do not defragment.
 */
function diskDevice(disk: Disk, hardware: Hardware, chassis: Chassis): DeviceArgument {
  const common = {
    driver: diskDriver(disk.bus, chassis),
    id: disk.id,
    ...addressProperties(hardware, disk.id),
    drive: formatNode(disk.id),
    serial: disk.id,
    ...(disk.bootIndex === undefined ? {} : { bootindex: disk.bootIndex }),
  }
  switch (disk.bus) {
    case 'virtio-blk':
      return { ...common, discard: true, 'write-zeroes': true, werror: 'stop', rerror: 'stop' }
    case 'virtio-scsi':
      return { ...common, device_id: disk.id, rotation_rate: 1, werror: 'stop', rerror: 'stop' }
    case 'sata':
      return { ...common, rotation_rate: 1, werror: 'stop', rerror: 'stop' }
    case 'nvme':
      return common
  }
}
