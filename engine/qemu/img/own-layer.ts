/**
 * Reads and changes single fields of qcow2 files that Mayfly itself made, in this process. Files from
 * outside are judged by `qcow2-header.ts` first.
 * https://www.qemu.org/docs/master/interop/qcow2.html
 */
import { type FileHandle, open } from 'node:fs/promises'
import { isMayflyError, MayflyError } from '../../../contract/errors.ts'
import { describeWriteFailure } from '../../storage/atomic-file.ts'

const magic = 0x5146_49fb
const headerBytes = 80
/** Bit 0 of the incompatible features. */
const dirtyFeature = 1n
const offsetMask = 0x00ff_ffff_ffff_fe00n
/** A standard cluster that reads as zeroes; bit 0 of its L2 entry. */
const zeroFlag = 1n

/** Bytes the guest sees. Throws `storage-corrupt` where it is no qcow2 file. */
export async function readVirtualBytes(path: string): Promise<number> {
  return withHeader(path, 'r', (_file, header) => Promise.resolve(Number(header.readBigUInt64BE(24))))
}

/** Whether QEMU was writing to it when it was killed, and its references must be counted anew. False where it is missing: others say so better. */
export async function isDirty(path: string): Promise<boolean> {
  try {
    return await withHeader(path, 'r', (_file, header) => Promise.resolve(header.readUInt32BE(4) >= 3 && (header.readBigUInt64BE(72) & dirtyFeature) !== 0n))
  } catch (error) {
    if (isMayflyError(error, 'storage-corrupt')) return false
    throw error
  }
}

/** Whether the file is one that QEMU can open: header and tables are there. A power cut may leave a file of the right length full of zeroes. */
export async function isWritten(path: string): Promise<boolean> {
  try {
    return await withHeader(path, 'r', async (file, header) => {
      const table = await readAt(file, Number(header.readBigUInt64BE(48)), 8)
      const block = table.length < 8 ? 0 : Number(table.readBigUInt64BE(0) & offsetMask)
      const counts = block === 0 ? Buffer.alloc(0) : await readAt(file, block, 8)
      return counts.some((byte) => byte !== 0) && header.readBigUInt64BE(24) > 0n
    })
  } catch (error) {
    if (isMayflyError(error, 'storage-corrupt')) return false
    throw error
  }
}

/** Writes another name of the same length for the layer below. Throws `storage-corrupt` where the file names none of that length. */
export async function renameBacking(path: string, name: string): Promise<void> {
  await withHeader(path, 'r+', async (file, header) => {
    const offset = Number(header.readBigUInt64BE(8))
    const bytes = Buffer.from(name)
    if (offset === 0 || header.readUInt32BE(16) !== bytes.length) throw corrupt(path, 'it does not name the layer below as expected')
    try {
      await file.write(bytes, 0, bytes.length, offset)
      await file.sync()
    } catch (error) {
      throw await describeWriteFailure(path, error)
    }
  })
}

/**
 * Calls `mark` for each cluster of the guest's disk that this layer itself says something about,
 * with its place and length in bytes. The file must not be written to meanwhile.
 */
export async function forEachCluster(path: string, mark: (offsetBytes: number, lengthBytes: number) => void): Promise<void> {
  await withHeader(path, 'r', async (file, header) => {
    const clusterBytes = 2 ** header.readUInt32BE(20)
    const entriesPerTable = clusterBytes / 8
    const l1 = await readAt(file, Number(header.readBigUInt64BE(40)), header.readUInt32BE(36) * 8)
    for (let index = 0; index * 8 + 8 <= l1.length; index++) {
      const tableOffset = Number(l1.readBigUInt64BE(index * 8) & offsetMask)
      if (tableOffset === 0) continue
      const table = await readAt(file, tableOffset, clusterBytes)
      for (let entry = 0; entry * 8 + 8 <= table.length; entry++) {
        const word = table.readBigUInt64BE(entry * 8)
        if (word === 0n || ((word & offsetMask) === 0n && (word & zeroFlag) === 0n && word >> 62n === 0n)) continue
        mark((index * entriesPerTable + entry) * clusterBytes, clusterBytes)
      }
    }
  })
}

async function withHeader<T>(path: string, mode: 'r' | 'r+', use: (file: FileHandle, header: Buffer) => Promise<T>): Promise<T> {
  let file: FileHandle
  try {
    file = await open(path, mode)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') throw corrupt(path, 'it is missing', cause)
    throw cause
  }
  try {
    const header = await readAt(file, 0, headerBytes)
    if (header.length < headerBytes || header.readUInt32BE(0) !== magic) throw corrupt(path, 'it is no qcow2 file')
    return await use(file, header)
  } finally {
    await file.close()
  }
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await file.read(buffer, 0, length, offset)
  return buffer.subarray(0, bytesRead)
}

function corrupt(path: string, reason: string, cause?: unknown): MayflyError<'storage-corrupt'> {
  return new MayflyError('storage-corrupt', `${path} cannot be used: ${reason}. Nothing was changed.`, { file: path, reason }, cause === undefined ? {} : { cause })
}
