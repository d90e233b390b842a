/** Grows a qcow2 file that nobody has open. */
import { MayflyError } from '../../../contract/errors.ts'
import type { QemuInstallation } from '../capabilities/qemu-installation.ts'
import { readImageHeader } from './image-header.ts'
import { findOutOfSpace } from './new-image-file.ts'
import { imgFailed, requireAbsolute, runQemuImg } from './run-qemu-img.ts'

/**
 * Makes the disk `sizeBytes` large. It never shrinks.
 *
 * @throws MayflyError 'invalid-input' for a smaller size, 'no-space', 'job-failed' (also while
 * something has the file open), 'host-unavailable' without qemu-img. The file is whole after a failure.
 */
export async function resizeQcow2(installation: QemuInstallation, path: string, sizeBytes: number): Promise<void> {
  const { virtualSizeBytes } = await readImageHeader(path)
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < virtualSizeBytes) {
    throw new MayflyError('invalid-input', `The disk has ${virtualSizeBytes} bytes; it grows and never shrinks.`, { issues: [{ path: 'sizeBytes', message: `At least ${virtualSizeBytes}.` }] })
  }
  const exit = await runQemuImg(installation, ['resize', '-q', '-f', 'qcow2', requireAbsolute(path), String(sizeBytes)])
  if (exit.exitCode === 0) return
  const failure = imgFailed(`resize ${path}`, exit)
  throw (await findOutOfSpace(path, null, failure)) ?? failure
}
