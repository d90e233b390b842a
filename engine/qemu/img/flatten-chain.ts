/** Copies a whole chain of layers into one file, while nobody writes to it. */
import type { QemuInstallation } from '../capabilities/qemu-installation.ts'
import { chainName } from './commit-layer.ts'
import { fillNewFile } from './new-image-file.ts'
import { imgFailed, requireAbsolute, runQemuImg } from './run-qemu-img.ts'

export interface Flattening {
  /** qcow2 files, base first. */
  readonly chain: readonly string[]
  /** Must not exist. */
  readonly target: string
  readonly signal?: AbortSignal | undefined
  /** The share done, 0 to 1. */
  readonly onProgress?: (share: number) => void
}

const cpuSeconds = 24 * 3600

/** @throws MayflyError 'conflict' when the target exists, 'no-space', 'cancelled', 'job-failed', 'host-unavailable' without qemu-img. Nothing is left after a failure. */
export async function flattenChain(installation: QemuInstallation, { chain, target, signal, onProgress }: Flattening): Promise<void> {
  await fillNewFile(requireAbsolute(target), null, async () => {
    const exit = await runQemuImg(installation, ['convert', '-p', '-O', 'qcow2', '-o', 'lazy_refcounts=on', chainName(chain), target], { cpuSeconds, signal, onProgress: onProgress ?? (() => {}) })
    if (exit.exitCode !== 0) throw imgFailed(`copy ${chain.at(-1) ?? ''}`, exit)
  })
}
