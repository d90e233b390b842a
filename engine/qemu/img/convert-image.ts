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
