/**
 * The header of a qcow2 file, judged without trusting any of its numbers: versions, features,
 * names of other files, and whether the file is long enough for its own tables.
 * https://www.qemu.org/docs/master/interop/qcow2.html
 */
import type { ImageBytes, ImageVerdict, Refusal } from './image-verdict.ts'
import { refusal } from './image-verdict.ts'

const magic = 0x5146_49fb
const headerBytes = 112
const version2HeaderBytes = 72

const incompatible = { corrupt: 1n << 1n, externalData: 1n << 2n }
/** Dirty, corrupt, external data file, compression type, extended L2 entries. */
const knownIncompatible = 0b11111n

const dataFileExtension = 0x4441_5441
const encryptionExtension = 0x0537_be77
/** QEMU refuses larger first-level tables as well. */
const longestL1Bytes = 32 * 1024 * 1024
const longestName = 1023
const l1OffsetMask = 0x00ff_ffff_ffff_fe00n

/** The verdict on a qcow2 file of version 2 or later; undefined where it is none. */
export async function readQcow2(bytes: ImageBytes): Promise<ImageVerdict | undefined> {
  const header = await bytes.read(0, headerBytes)
  if (header.length < 8 || header.readUInt32BE(0) !== magic || header.readUInt32BE(4) === 1) return undefined
  if (header.length < headerBytes) return verdict(0, [tooShort])
  const version = header.readUInt32BE(4)
  if (version > 3) return verdict(0, [refusal('unknown-feature', `The file is of qcow2 version ${version}, which is not known.`)])
  const sizeBytes = header.readBigUInt64BE(24)
  if (sizeBytes > BigInt(Number.MAX_SAFE_INTEGER)) return verdict(0, [refusal('damaged', 'The file claims an impossible size.')])
  const features = version === 2 ? 0n : header.readBigUInt64BE(72)
  const refusals = [
    ...(await judgeNames(bytes, header, version)),
    ...judgeFeatures(features),
    ...(header.readUInt32BE(32) === 0 ? [] : [refusal('encrypted', 'The image is encrypted.')]),
    ...(await judgeTables(bytes, header)),
  ]
  return verdict(Number(sizeBytes), withoutDoubles(refusals))
}

const tooShort = refusal('truncated', 'The file ends before its own tables: the download or the copy is not complete.')

function verdict(virtualSizeBytes: number, refusals: readonly Refusal[]): ImageVerdict {
  return { kind: 'qcow2', virtualSizeBytes, refusals }
}

function judgeFeatures(features: bigint): Refusal[] {
  const refusals: Refusal[] = []
  if ((features & ~knownIncompatible) !== 0n) refusals.push(refusal('unknown-feature', 'The image needs features that are not known.'))
  if ((features & incompatible.externalData) !== 0n) refusals.push(refusal('names-another-file', 'The image keeps its data in another file.'))
  if ((features & incompatible.corrupt) !== 0n) refusals.push(refusal('damaged', 'The image is marked as damaged.'))
  return refusals
}

/** The layer below, and header extensions that lead to other files or need keys. */
async function judgeNames(bytes: ImageBytes, header: Buffer, version: number): Promise<Refusal[]> {
  const refusals: Refusal[] = []
  const backingOffset = header.readBigUInt64BE(8)
  if (backingOffset !== 0n) {
    const length = Math.min(header.readUInt32BE(16), longestName)
    const name = backingOffset < BigInt(bytes.sizeBytes) ? (await bytes.read(Number(backingOffset), length)).toString('utf8') : ''
    refusals.push(refusal('names-another-file', `The image holds only the difference to another file${printable(name)}.`))
  }
  for (const type of await extensionTypes(bytes, header, version)) {
    if (type === dataFileExtension) refusals.push(refusal('names-another-file', 'The image keeps its data in another file.'))
    if (type === encryptionExtension) refusals.push(refusal('encrypted', 'The image is encrypted.'))
  }
  return refusals
}

/** Extensions lie between the header and the end of its cluster; each says how long it is. */
async function extensionTypes(bytes: ImageBytes, header: Buffer, version: number): Promise<number[]> {
  const clusterBytes = clusterSize(header)
  if (clusterBytes === undefined) return []
  const cluster = await bytes.read(0, Math.min(clusterBytes, bytes.sizeBytes))
  const types: number[] = []
  let offset = version === 2 ? version2HeaderBytes : header.readUInt32BE(100)
  while (offset + 8 <= cluster.length) {
    const type = cluster.readUInt32BE(offset)
    if (type === 0) break
    types.push(type)
    offset += 8 + Math.ceil(cluster.readUInt32BE(offset + 4) / 8) * 8
  }
  return types
}

async function judgeTables(bytes: ImageBytes, header: Buffer): Promise<Refusal[]> {
  const clusterBytes = clusterSize(header)
  if (clusterBytes === undefined) return [refusal('damaged', 'The image has clusters of an impossible size.')]
  const l1Bytes = header.readUInt32BE(36) * 8
  const l1Offset = header.readBigUInt64BE(40)
  const refcountEnd = header.readBigUInt64BE(48) + BigInt(header.readUInt32BE(56)) * BigInt(clusterBytes)
  const fileBytes = BigInt(bytes.sizeBytes)
  if (l1Bytes > longestL1Bytes) return [refusal('damaged', 'The image has a table of an impossible size.')]
  if (l1Offset + BigInt(l1Bytes) > fileBytes || refcountEnd > fileBytes || header.readBigUInt64BE(64) > fileBytes) return [tooShort]
  const l1 = await bytes.read(Number(l1Offset), l1Bytes)
  for (let entry = 0; entry + 8 <= l1.length; entry += 8) {
    const l2Offset = l1.readBigUInt64BE(entry) & l1OffsetMask
    if (l2Offset !== 0n && l2Offset + BigInt(clusterBytes) > fileBytes) return [tooShort]
  }
  return []
}

function clusterSize(header: Buffer): number | undefined {
  const bits = header.readUInt32BE(20)
  return bits >= 9 && bits <= 21 ? 2 ** bits : undefined
}

/** A name from a hostile file, fit to be shown: no control characters, not long. */
function printable(name: string): string {
  const shown = name.replaceAll(/\p{C}/gu, '�').slice(0, 120)
  return shown === '' ? '' : ` (${shown})`
}

function withoutDoubles(refusals: readonly Refusal[]): Refusal[] {
  return refusals.filter(({ sentence }, index) => refusals.findIndex((other) => other.sentence === sentence) === index)
}
