/**
 * An empty qcow2 layer, written byte by byte: what `qemu-img create -b` makes, without starting a
 * process. A layer is put on top of every disk at each checkpoint and each fork, often of a guest
 * that a person is waiting for, and a process costs more than all the rest of a fork's disk.
 * https://www.qemu.org/docs/master/interop/qcow2.html
 */
import { open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { describeWriteFailure } from '../../storage/atomic-file.ts'

export interface EmptyOverlay {
  /** Must not exist yet. */
  readonly path: string
  /** As large as the disk is to its guest; a whole number of sectors. */
  readonly sizeBytes: number
  /** File name of the layer below, in the same folder: for people and other tools. QEMU is told the chain by us. */
  readonly backing: string
  /** Whether the file survives a power cut once this resolves. Default true. */
  readonly sync?: boolean
}

const clusterBits = 16
const clusterBytes = 2 ** clusterBits
const headerBytes = 112
/** Entries of eight bytes in one cluster, each leading to a cluster of data. */
const dataBytesPerL1Entry = (clusterBytes / 8) * clusterBytes
/** 16 bits each. */
const refcountsPerBlock = clusterBytes / 2
const lazyRefcounts = 1n
const backingFormatExtension = 0xe279_2aca
const refcountTableCluster = 1
const refcountBlockCluster = 2
const l1Cluster = 3

/** Writes the file. Throws `no-space`, or the system's error; nothing is left after a failure. */
export async function writeEmptyOverlay(overlay: EmptyOverlay): Promise<void> {
  const { path, sizeBytes } = overlay
  const l1Entries = Math.ceil(sizeBytes / dataBytesPerL1Entry)
  const usedClusters = l1Cluster + Math.max(1, Math.ceil((l1Entries * 8) / clusterBytes))
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes <= 0 || sizeBytes % 512 !== 0 || usedClusters > refcountsPerBlock) throw new Error(`No overlay can have ${sizeBytes} bytes.`)
  const refcountTable = Buffer.alloc(8)
  refcountTable.writeBigUInt64BE(BigInt(refcountBlockCluster * clusterBytes))
  const refcounts = Buffer.alloc(usedClusters * 2)
  for (let cluster = 0; cluster < usedClusters; cluster++) refcounts.writeUInt16BE(1, cluster * 2)
  try {
    const file = await open(path, 'wx', 0o600)
    try {
      // What is not written is a hole and reads as zero: no data yet.
      await file.truncate(usedClusters * clusterBytes)
      await file.write(headerOf(overlay, l1Entries), 0, undefined, 0)
      await file.write(refcountTable, 0, undefined, refcountTableCluster * clusterBytes)
      await file.write(refcounts, 0, undefined, refcountBlockCluster * clusterBytes)
      if (overlay.sync !== false) await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (!isExists(error)) await rm(path, { force: true })
    throw await describeWriteFailure(dirname(path), error)
  }
}

function headerOf({ sizeBytes, backing }: EmptyOverlay, l1Entries: number): Buffer {
  const extensions = backingFormat()
  const name = Buffer.from(backing)
  const nameOffset = headerBytes + extensions.length
  if (name.length > 1023) throw new Error(`${backing} is too long for a layer's name.`)
  const header = Buffer.alloc(nameOffset + name.length)
  header.write('QFI\xfb', 0, 'latin1')
  header.writeUInt32BE(3, 4)
  header.writeBigUInt64BE(BigInt(nameOffset), 8)
  header.writeUInt32BE(name.length, 16)
  header.writeUInt32BE(clusterBits, 20)
  header.writeBigUInt64BE(BigInt(sizeBytes), 24)
  header.writeUInt32BE(l1Entries, 36)
  header.writeBigUInt64BE(BigInt(l1Cluster * clusterBytes), 40)
  header.writeBigUInt64BE(BigInt(refcountTableCluster * clusterBytes), 48)
  header.writeUInt32BE(1, 56)
  // As `createQcow2` makes all other layers.
  header.writeBigUInt64BE(lazyRefcounts, 80)
  // Refcounts of 2 to the power of 4 bits.
  header.writeUInt32BE(4, 96)
  header.writeUInt32BE(headerBytes, 100)
  extensions.copy(header, headerBytes)
  name.copy(header, nameOffset)
  return header
}

/** The format of the layer below, then the end of the extensions; each is padded to eight bytes. */
function backingFormat(): Buffer {
  const format = Buffer.from('qcow2')
  const bytes = Buffer.alloc(8 + 8 + 8)
  bytes.writeUInt32BE(backingFormatExtension, 0)
  bytes.writeUInt32BE(format.length, 4)
  format.copy(bytes, 8)
  return bytes
}

function isExists(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST'
}
