/** Copies what lies between a layer and one far below it into the layer, while nobody has it open. */
import type { QemuInstallation } from '../capabilities/qemu-installation.ts'
import { findOutOfSpace } from './new-image-file.ts'
import { imgFailed, requireAbsolute, runQemuImg } from './run-qemu-img.ts'

const cpuSeconds = 24 * 3600

/**
 * `top` stands on `base`, a file's name in the same folder, afterwards, and reads as before: interrupted, too. The headers
 * of the layers between, all made by Mayfly, lead to them.
 *
 * @throws MayflyError 'no-space', 'cancelled', 'job-failed', 'host-unavailable' without qemu-img.
 */
export async function pullUp(installation: QemuInstallation, top: string, base: string, options: { readonly signal?: AbortSignal | undefined; readonly onProgress?: (share: number) => void } = {}): Promise<void> {
  const { signal, onProgress } = options
  const exit = await runQemuImg(installation, ['rebase', '-p', '-f', 'qcow2', '-F', 'qcow2', '-b', base, requireAbsolute(top)], { cpuSeconds, signal, onProgress: onProgress ?? (() => {}) })
  if (exit.exitCode === 0) return
  const failure = imgFailed(`shorten the layers below ${top}`, exit)
  throw (await findOutOfSpace(top, null, failure)) ?? failure
}
