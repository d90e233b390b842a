/** What qemu-img says of an image whose format is known. */
import { z } from 'zod'
import type { QemuInstallation } from '../capabilities/qemu-installation.ts'
import { imgFailed, requireAbsolute, runQemuImg } from './run-qemu-img.ts'

export interface ImageInfo {
  readonly virtualSizeBytes: number
  /** Bytes the file takes on its file system, holes not counted. */
  readonly actualSizeBytes: number
  /** As the header names it, relative or absolute; null where there is none. */
  readonly backingName: string | null
  readonly isDirty: boolean
}

const infoSchema = z.object({
  'virtual-size': z.number(),
  'actual-size': z.number(),
  'backing-filename': z.string().optional(),
  'dirty-flag': z.boolean().optional(),
})

export interface ImageInfoOptions {
  readonly format: 'qcow2' | 'raw'
  /** Whether a machine may have it open at the same time; the answer is then a moment's. Default false. */
  readonly isShared?: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * Reads one image and none of the layers below it.
 *
 * @throws MayflyError 'job-failed' when it is not of that format or in use, 'cancelled',
 * 'host-unavailable' without qemu-img.
 */
export async function readImageInfo(installation: QemuInstallation, path: string, { format, isShared = false, signal }: ImageInfoOptions): Promise<ImageInfo> {
  const sharing = isShared ? ['-U'] : []
  const exit = await runQemuImg(installation, ['info', ...sharing, '-f', format, '--output=json', requireAbsolute(path)], { signal })
  if (exit.exitCode !== 0) throw imgFailed(`read ${path}`, exit)
  const info = infoSchema.parse(JSON.parse(exit.output))
  return {
    virtualSizeBytes: info['virtual-size'],
    actualSizeBytes: info['actual-size'],
    backingName: info['backing-filename'] ?? null,
    isDirty: info['dirty-flag'] ?? false,
  }
}
