/**
 * The header of a VMDK as appliances have it: one sparse file that holds all of itself (VMware,
 * "Virtual Disk Format 5.0"). A VMDK can also name other files, as its extents or as its parent,
 * which QEMU would open: such a one is refused here, before any tool sees it.
 */
import type { FileHandle } from 'node:fs/promises'

export interface VmdkVerdict {
  /** Bytes a guest sees. */
  readonly virtualBytes: number
  /** One sentence where it cannot be used. */
  readonly refusal: string | null
}

const headerBytes = 512
const sectorBytes = 512
const mostDescriptorBytes = 64 * 1024
const largestBytes = 16 * 2 ** 40

/** Looks at the VMDK that begins at `offset` of the file and is `bytes` long. */
export async function readVmdkHeader(file: FileHandle, offset: number, bytes: number): Promise<VmdkVerdict> {
  const refused = (refusal: string): VmdkVerdict => ({ virtualBytes: 0, refusal })
  const header = Buffer.alloc(headerBytes)
  if (bytes < headerBytes || (await file.read(header, 0, headerBytes, offset)).bytesRead < headerBytes) return refused('It is too short for a disk.')
  if (header.toString('latin1', 0, 4) !== 'KDMV') return refused('It is no VMDK that holds all of itself; only such are read.')
  const version = header.readUInt32LE(4)
  if (version < 1 || version > 3) return refused(`It is a VMDK of version ${version}, which is not known.`)
  const sectors = header.readBigUInt64LE(12)
  // QEMU takes a VMDK without a size for one whose descriptor names other files.
  if (sectors === 0n || sectors * BigInt(sectorBytes) > BigInt(largestBytes)) return refused('Its size is none that a disk has.')
  const [at, length] = [header.readBigUInt64LE(28) * BigInt(sectorBytes), header.readBigUInt64LE(36) * BigInt(sectorBytes)]
  if (at === 0n || length === 0n || length > BigInt(mostDescriptorBytes) || at + length > BigInt(bytes)) return refused('Its own description is missing or too large.')
  const descriptor = Buffer.alloc(Number(length))
  await file.read(descriptor, 0, descriptor.length, offset + Number(at))
  const text = descriptor.toString('latin1')
  if (/parentFileNameHint/i.test(text) || !/^parentCID\s*=\s*f{8}\s*$/im.test(text.replaceAll('\0', ''))) return refused('It builds on another disk, which is not part of it.')
  return { virtualBytes: Number(sectors) * sectorBytes, refusal: null }
}
