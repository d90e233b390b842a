/** Copies an image into a qcow2 file of its own, reading it as the one format its caller names. */
import { stat } from 'node:fs/promises'
import type { QemuInstallation } from '../capabilities/qemu-installation.ts'
import { fillNewFile } from './new-image-file.ts'
import { imgFailed, requireAbsolute, runQemuImg } from './run-qemu-img.ts'

export interface Conversion {
  readonly source: string
  /** Never guessed. For a file from outside it comes from `readImageHeader`, which also refuses files that name others. */
  readonly sourceFormat: 'raw' | 'qcow2'
  readonly target: string
  /** Compresses the clusters (zlib): smaller, slower to make. Default off. */
  readonly isCompressed?: boolean
  readonly signal?: AbortSignal | undefined
  /** The share done, 0 to 1. */
  readonly onProgress?: (share: number) => void
}

const cpuSeconds = 24 * 3600

/**
 * Writes `target`, which must not exist, as a qcow2 file without a layer below it.
 *
 * @throws MayflyError 'conflict' when the target exists, 'no-space', 'cancelled',
 * 'job-failed', 'host-unavailable' without qemu-img. Nothing is left after a failure.
 */
export async function convertToQcow2(installation: QemuInstallation, conversion: Conversion): Promise<void> {
  const { source, sourceFormat, target, isCompressed = false, signal, onProgress } = conversion
  await stat(requireAbsolute(source))
  await fillNewFile(requireAbsolute(target), null, async () => {
    const compression = isCompressed ? ['-c'] : []
    const exit = await runQemuImg(installation, ['convert', '-p', '-f', sourceFormat, '-O', 'qcow2', '-o', 'lazy_refcounts=on', ...compression, source, target], {
      cpuSeconds,
      onProgress: onProgress ?? (() => {}),
      signal,
    })
    if (exit.exitCode !== 0) throw imgFailed(`convert ${source}`, exit)
  })
}

export interface PackedVmdk {
  /** The file it lies in, such as an OVA. */
  readonly source: string
  readonly offset: number
  readonly bytes: number
  readonly target: string
  readonly signal?: AbortSignal | undefined
  /** The share done, 0 to 1. */
  readonly onProgress?: (share: number) => void
}

/**
 * As `convertToQcow2`, for a VMDK that lies within another file and was found sound by
 * `readVmdkHeader`. It is read in place and opens nothing else: no parent, whatever it says of one.
 */
export async function convertPackedVmdk(installation: QemuInstallation, { source, offset, bytes, target, signal, onProgress }: PackedVmdk): Promise<void> {
  await stat(requireAbsolute(source))
  const node = { driver: 'vmdk', backing: null, file: { driver: 'raw', offset, size: bytes, file: { driver: 'file', filename: source, 'read-only': true } } }
  await fillNewFile(requireAbsolute(target), null, async () => {
    const exit = await runQemuImg(installation, ['convert', '-p', '-O', 'qcow2', '-o', 'lazy_refcounts=on', `json:${JSON.stringify(node)}`, target], { cpuSeconds, onProgress: onProgress ?? (() => {}), signal })
    if (exit.exitCode !== 0) throw imgFailed(`convert a disk of ${source}`, exit)
  })
}
