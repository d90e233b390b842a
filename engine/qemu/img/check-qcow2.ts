/** Looks through a qcow2 file for damage, without repairing any. */
import { z } from 'zod'
import { MayflyError } from '../../../contract/errors.ts'
import type { QemuInstallation } from '../capabilities/qemu-installation.ts'
import { imgFailed, requireAbsolute, runQemuImg } from './run-qemu-img.ts'

export interface Qcow2Check {
  /** Places where the image contradicts itself: data may be lost. */
  readonly corruptions: number
  /** Clusters that nothing uses any more: they cost space and harm nothing. */
  readonly leaks: number
  /** Where the last used cluster ends; null where the check could not tell. */
  readonly endOffsetBytes: number | null
}

const reportSchema = z.object({
  corruptions: z.number().default(0),
  leaks: z.number().default(0),
  'check-errors': z.number(),
  'image-end-offset': z.number().optional(),
})

/** qemu-img(1), `check`: 0 sound, 2 corrupt, 3 leaks; 1 and 63 mean that it was not checked. */
const checkedExitCodes: readonly (number | null)[] = [0, 2, 3]
const cpuSeconds = 3600

/**
 * Checks one file. Its layers below are opened too, so only files whose header was judged
 * (see `readImageHeader`) or that Mayfly made may come here; nobody may have it open.
 *
 * @throws MayflyError 'storage-corrupt' when it is too broken to be checked, 'cancelled',
 * 'host-unavailable' without qemu-img, 'job-failed'.
 */
export async function checkQcow2(installation: QemuInstallation, path: string, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<Qcow2Check> {
  const exit = await runQemuImg(installation, ['check', '-f', 'qcow2', '--output=json', requireAbsolute(path)], { cpuSeconds, signal })
  if (!checkedExitCodes.includes(exit.exitCode)) throw imgFailed(`check ${path}`, exit)
  const report = reportSchema.parse(JSON.parse(exit.output))
  if (report['check-errors'] > 0) {
    throw new MayflyError('storage-corrupt', `${path} is too damaged to be checked to its end.`, { file: path, reason: `${report['check-errors']} parts could not be read` })
  }
  return { corruptions: report.corruptions, leaks: report.leaks, endOffsetBytes: report['image-end-offset'] ?? null }
}

/** Counts the references of a layer of ours anew, after QEMU was killed while it wrote to it. Nobody may have it open. Throws as `checkQcow2`. */
export async function repairQcow2(installation: QemuInstallation, path: string): Promise<void> {
  const exit = await runQemuImg(installation, ['check', '-q', '-r', 'all', '-f', 'qcow2', requireAbsolute(path)], { cpuSeconds })
  if (!checkedExitCodes.includes(exit.exitCode)) throw imgFailed(`repair ${path}`, exit)
}
