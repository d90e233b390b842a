/**
 * Formats that Mayfly does not use in place, by their first bytes: it is kinder to say "this is
 * a gzip archive" or "this is a web page" than to show a guest that does not boot.
 */
import type { ImageBytes, ImageKind, ImageVerdict, RefusalCode } from './image-verdict.ts'
import { refusal } from './image-verdict.ts'

interface Signature {
  readonly kind: ImageKind
  readonly offset: number
  readonly bytes: string
  readonly name: string
  readonly code: RefusalCode
}

const foreign = (kind: ImageKind, bytes: string, name: string, offset = 0): Signature => ({ kind, offset, bytes, name, code: 'foreign-format' })
const packed = (kind: ImageKind, bytes: string, name: string, offset = 0): Signature => ({ kind, offset, bytes, name, code: 'compressed' })

/** Latin-1, one character a byte. */
const signatures: readonly Signature[] = [
  foreign('vmdk', 'KDMV', 'a VMware disk (VMDK)'),
  foreign('vmdk', 'COWD', 'a VMware disk (VMDK)'),
  foreign('vmdk', '# Disk DescriptorFile', 'the description of a VMware disk (VMDK), not the disk'),
  foreign('vdi', '\x7f\x10\xda\xbe', 'a VirtualBox disk (VDI)', 0x40),
  foreign('vhdx', 'vhdxfile', 'a Hyper-V disk (VHDX)'),
  foreign('vhd', 'conectix', 'a Virtual PC disk (VHD)'),
  foreign('qcow', 'QFI\xfb\x00\x00\x00\x01', 'a disk in the first qcow format'),
  foreign('qed', 'QED\0', 'a QED disk'),
  foreign('parallels', 'WithoutFreeSpace', 'a Parallels disk'),
  foreign('parallels', 'WithouFreSpacExt', 'a Parallels disk'),
  foreign('luks', 'LUKS\xba\xbe', 'an encrypted disk (LUKS)'),
  packed('gzip', '\x1f\x8b', 'a gzip archive'),
  packed('xz', '\xfd7zXZ\0', 'an xz archive'),
  packed('zstd', '\x28\xb5\x2f\xfd', 'a zstd archive'),
  packed('bzip2', 'BZh', 'a bzip2 archive'),
  packed('zip', 'PK\x03\x04', 'a zip archive'),
  packed('7z', '7z\xbc\xaf\x27\x1c', 'a 7-Zip archive'),
  packed('tar', 'ustar', 'a tar archive', 257),
]

const headBytes = 1024
/** A fixed VHD is a raw disk with this footer; Apple's images have one too. */
const footers: readonly Signature[] = [foreign('vhd', 'conectix', 'a Virtual PC disk (VHD)'), foreign('dmg', 'koly', 'an Apple disk image (DMG)')]
const footerBytes = 512

/** The verdict on a file of a foreign format; undefined where it is none. */
export async function readForeignKind(bytes: ImageBytes): Promise<ImageVerdict | undefined> {
  const head = (await bytes.read(0, headBytes)).toString('latin1')
  if (isWebPage(head)) {
    return { kind: 'web-page', virtualSizeBytes: 0, refusals: [refusal('not-an-image', 'The file is a web page, not an image: the download delivered something else.')] }
  }
  const foot = (await bytes.read(Math.max(0, bytes.sizeBytes - footerBytes), footerBytes)).toString('latin1')
  const found = signatures.find(({ offset, bytes: magic }) => head.startsWith(magic, offset)) ?? footers.find(({ bytes: magic }) => foot.startsWith(magic))
  if (found === undefined) return undefined
  return { kind: found.kind, virtualSizeBytes: 0, refusals: [refusal(found.code, `The file is ${found.name}.`)] }
}

function isWebPage(head: string): boolean {
  return /^(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|body|\?xml|!--)/i.test(head)
}
