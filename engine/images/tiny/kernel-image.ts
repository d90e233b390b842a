/**
 * Unpacks a bzImage into the vmlinux within, once, when the image is built: under emulation
 * the kernel's own decompressor takes longer than all the rest of the boot. Offsets are those
 * of the kernel's Documentation/arch/x86/boot.rst (protocol 2.08 and later).
 */
import type { Buffer } from 'node:buffer'
import { MayflyError } from '../../../contract/errors.ts'
import { decompress } from './decompress.ts'
import { hasPvhEntry } from './elf.ts'

const sectorBytes = 512
const setupSectorsAt = 0x1f1
const headerMagicAt = 0x202
const versionAt = 0x206
const payloadOffsetAt = 0x248
const payloadLengthAt = 0x24c
const oldestProtocol = 0x0208
/** After every compression but gzip the build appends the unpacked size. */
const sizeTrailerBytes = 4

/** The kernel as an ELF file that QEMU boots through its PVH entry. Throws `storage-corrupt`, `unsupported`. */
export async function extractVmlinux(bzImage: Buffer, file: string, signal: AbortSignal | undefined): Promise<Buffer> {
  const headed = bzImage.length > payloadLengthAt + 4 && bzImage.toString('latin1', headerMagicAt, headerMagicAt + 4) === 'HdrS'
  if (!headed || bzImage.readUInt16LE(versionAt) < oldestProtocol) {
    throw new MayflyError('storage-corrupt', `${file} is not a Linux kernel for x86.`, { file, reason: 'no boot header' })
  }
  const start = (bzImage.readUInt8(setupSectorsAt) + 1) * sectorBytes + bzImage.readUInt32LE(payloadOffsetAt)
  const payload = bzImage.subarray(start, start + bzImage.readUInt32LE(payloadLengthAt))
  const isGzip = payload.length > 2 && payload.readUInt16LE(0) === 0x8b1f
  const vmlinux = await decompress(isGzip ? payload : payload.subarray(0, -sizeTrailerBytes), file, signal)
  if (!hasPvhEntry(vmlinux, file)) {
    throw new MayflyError('unsupported', `The kernel ${file} cannot be booted unpacked: it was built without CONFIG_PVH.`, { needs: 'CONFIG_PVH', have: file })
  }
  return vmlinux
}
