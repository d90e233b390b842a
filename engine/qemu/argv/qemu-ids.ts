/**
 * Every id QEMU hears from us, made from our own. What stands before the first dash of an id in an
 * event is our device's id, so no table leads back. A device of which a machine has one carries a
 * word without a number and can never be taken for one of the owner's (`disk0`).
 */

/** Devices a machine has once. */
export const onlyOne = {
  display: 'display',
  scsiController: 'scsi',
  serialBus: 'serialbus',
  usbController: 'usb',
  tablet: 'tablet',
  rng: 'rng',
  balloon: 'balloon',
  watchdog: 'watchdog',
  panic: 'panic',
  sound: 'sound',
  serial: 'serial',
  agent: 'agent',
  exec: 'exec',
  clipboard: 'clipboard',
  tpm: 'tpm',
  vmgenid: 'vmgenid',
} as const

/** The guest's memory. */
export const ramId = 'ram0'
/** The monitor's chardev. */
export const monitorId = 'qmp'

/** The root port behind which a device can be plugged: `port-0` is the first. */
export const rootPortId = (index: number): string => `port-${index}`

/**
 * Node that reads and writes a disk's file. Without `layer` the active one; else the layer of that number, 0 the base.
 * A layer put on top while the machine runs takes the next number.
 */
export const storageNode = (device: string, layer?: number): string => (layer === undefined ? `${device}-storage` : `${device}-storage-${layer}`)
/** Node that understands the file's format; what the device is plugged into. Numbered as {@link storageNode}. */
export const formatNode = (device: string, layer?: number): string => (layer === undefined ? `${device}-format` : `${device}-format-${layer}`)
export const netdevId = (nic: string): string => `${nic}-net`
/** The chardev of a device's bytes. */
export const streamId = (device: string): string => `${device}-stream`
/** What a device is fed from: an entropy source, a TPM back end. */
export const backendId = (device: string): string => `${device}-backend`
/** What plays and records behind a sound controller. */
export const codecId = (device: string): string => `${device}-codec`

/** Firmware code and variables as block nodes. */
export const firmwareId = 'firmware'
export const nvramId = 'nvram'
