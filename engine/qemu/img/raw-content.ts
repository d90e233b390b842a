/**
 * A raw disk has no header: it is recognised by what is on it, a partition table or a file
 * system. A file with neither is refused, unless it is blank; QEMU would take any file.
 * GPT: UEFI specification 2.10, chapter 5. MBR: the same, 5.2.
 */
import type { ImageBytes, ImageVerdict, Refusal } from './image-verdict.ts'
import { refusal } from './image-verdict.ts'

const sectorBytes = 512
const gptSignature = 'EFI PART'
const partitionTableOffset = 446
const partitionTypeProtective = 0xee
const headBytes = 70 * 1024

/** File systems that may cover a whole disk, by bytes at an offset. */
const fileSystems: readonly { readonly offset: number; readonly bytes: string }[] = [
  { offset: 0x438, bytes: '\x53\xef' }, // ext2, ext3, ext4
  { offset: 0, bytes: 'XFSB' },
  { offset: 0x1_0040, bytes: '_BHRfS_M' }, // btrfs
  { offset: 3, bytes: 'NTFS    ' },
  { offset: 54, bytes: 'FAT' },
  { offset: 82, bytes: 'FAT32' },
  { offset: 0, bytes: 'hsqs' }, // squashfs
  { offset: 0x218, bytes: 'LVM2 001' },
]

/** The verdict on a file that is of no known format. */
export async function readRaw(bytes: ImageBytes): Promise<ImageVerdict> {
  const head = await bytes.read(0, headBytes)
  const virtualSizeBytes = Math.ceil(bytes.sizeBytes / sectorBytes) * sectorBytes
  const judged = judgeGpt(bytes, head) ?? judgeMbr(bytes, head) ?? (hasFileSystem(head) || isBlank(head, bytes) ? [] : undefined)
  if (judged !== undefined) return { kind: 'raw', virtualSizeBytes, refusals: judged }
  return { kind: 'unknown', virtualSizeBytes: 0, refusals: [refusal('not-an-image', 'The file is not a disk image: it holds no partition table and no file system.')] }
}

const tooShort = refusal('truncated', 'The disk is shorter than its partition table says: the download or the copy is not complete.')

/** Logical sectors are of 512 bytes or, on newer disks, of 4 KiB. */
function judgeGpt(bytes: ImageBytes, head: Buffer): Refusal[] | undefined {
  for (const sector of [sectorBytes, 4096]) {
    if (head.length < sector + 92 || head.toString('latin1', sector, sector + gptSignature.length) !== gptSignature) continue
    const backupHeader = head.readBigUInt64LE(sector + 32)
    return (backupHeader + 1n) * BigInt(sector) > BigInt(bytes.sizeBytes) ? [tooShort] : []
  }
  return undefined
}

function judgeMbr(bytes: ImageBytes, head: Buffer): Refusal[] | undefined {
  if (head.length < sectorBytes || head.readUInt16LE(510) !== 0xaa55) return undefined
  for (let entry = partitionTableOffset; entry < 510; entry += 16) {
    const type = head.readUInt8(entry + 4)
    const status = head.readUInt8(entry)
    // A boot sector without a partition table has code here; only entries that can be ones are judged.
    if (type === 0 || type === partitionTypeProtective || (status !== 0 && status !== 0x80)) continue
    const end = (head.readUInt32LE(entry + 8) + head.readUInt32LE(entry + 12)) * sectorBytes
    if (end > bytes.sizeBytes && !hasFileSystem(head)) return [tooShort]
  }
  return []
}

function hasFileSystem(head: Buffer): boolean {
  return fileSystems.some(({ offset, bytes }) => head.toString('latin1', offset, offset + bytes.length) === bytes)
}

/** An empty disk begins with nothing but zeroes; a whole number of sectors tells it from stray files. */
function isBlank(head: Buffer, { sizeBytes }: ImageBytes): boolean {
  return sizeBytes % sectorBytes === 0 && head.every((byte) => byte === 0)
}
