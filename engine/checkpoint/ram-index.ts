/**
 * The index of a RAM layer on disk: which pages its file holds, in a file of its own, since a hole
 * cannot be told from a page of zeroes on every file system. It is written last: where it is
 * whole, so is the layer. Numbers are little-endian; a SHA-256 over all before it ends the file.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { MayflyError } from '../../contract/errors.ts'
import { areSound, type RamExtents, ramPageBytes } from '../qemu/process/ram-layer.ts'
import { writeFileAtomic } from '../storage/atomic-file.ts'

const magic = 'MAYFLYRI'
const currentVersion = 1
const headerBytes = 56
const extentBytes = 12
const checksumBytes = 32
const idBytes = 12

export interface RamIndex {
  readonly id: string
  readonly ramBytes: number
  /** The sum of its pages of data that are not zero, as `copyPages` makes it. */
  readonly digest: bigint
  readonly extents: RamExtents
}

/** Writes it whole, 0444. Throws `no-space`. */
export async function writeRamIndex(path: string, index: RamIndex): Promise<void> {
  await writeFileAtomic(path, encodeRamIndex(index), 0o444)
}

/** Throws `storage-corrupt` where it is torn, damaged or of another layer, `schema-too-new`, and the system's error where it cannot be read. */
export async function readRamIndex(path: string, id: string): Promise<RamIndex> {
  return decodeRamIndex(await readFile(path), path, id)
}

export function encodeRamIndex({ id, ramBytes, digest, extents }: RamIndex): Buffer {
  const header = Buffer.alloc(headerBytes)
  header.write(magic, 0, 'latin1')
  header.writeUInt32LE(currentVersion, 8)
  header.writeUInt32LE(ramPageBytes, 12)
  header.write(id, 16, idBytes, 'latin1')
  header.writeUInt32LE(extents.length / 3, 28)
  header.writeBigUInt64LE(BigInt(ramBytes), 32)
  header.writeBigUInt64LE(digest, 40)
  const content = Buffer.concat([header, Buffer.from(extents.buffer, extents.byteOffset, extents.byteLength)])
  return Buffer.concat([content, checksum(content)])
}

export function decodeRamIndex(file: Buffer, path: string, id: string): RamIndex {
  const corrupt = (reason: string): MayflyError => new MayflyError('storage-corrupt', `The saved RAM ${path} cannot be used: ${reason}. Disks are not concerned.`, { file: path, reason }, { next: 'Restore only the disks, or delete the checkpoint.' })
  if (file.length < headerBytes + checksumBytes || file.toString('latin1', 0, magic.length) !== magic) throw corrupt('it is no index of RAM')
  const version = file.readUInt32LE(8)
  if (version > currentVersion) throw new MayflyError('schema-too-new', `The saved RAM ${path} was written by a newer Mayfly.`, { file: path, version, supported: currentVersion }, { next: 'Update Mayfly.' })
  const content = file.subarray(0, file.length - checksumBytes)
  if (!checksum(content).equals(file.subarray(file.length - checksumBytes))) throw corrupt('it is torn or damaged')
  if (version !== currentVersion || file.readUInt32LE(12) !== ramPageBytes) throw corrupt('its form is not known')
  if (file.toString('latin1', 16, 16 + idBytes) !== id) throw corrupt('it belongs to another layer')
  const packed = content.subarray(headerBytes)
  const ramBytes = Number(file.readBigUInt64LE(32))
  if (packed.length !== file.readUInt32LE(28) * extentBytes) throw corrupt('its length is wrong')
  const extents = new Uint32Array(packed.buffer.slice(packed.byteOffset, packed.byteOffset + packed.length))
  if (ramBytes % ramPageBytes !== 0 || !areSound(extents, ramBytes / ramPageBytes)) throw corrupt('its extents make no sense')
  return { id, ramBytes, digest: file.readBigUInt64LE(40), extents }
}

function checksum(content: Buffer): Buffer {
  return createHash('sha256').update(content).digest()
}
