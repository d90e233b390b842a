/** Writes the content of a layer into the one below it, while nobody has either open. */
import type { QemuInstallation } from '../capabilities/qemu-installation.ts'
import { findOutOfSpace } from './new-image-file.ts'
import { imgFailed, requireAbsolute, runQemuImg } from './run-qemu-img.ts'

const cpuSeconds = 24 * 3600

/**
 * `chain` is a whole chain of qcow2 files, base first; the last goes into the one before it. Both must
 * be writable. Interrupted, the lower one is half written and right only when seen through the upper.
 *
 * @throws MayflyError 'no-space', 'cancelled', 'job-failed', 'host-unavailable' without qemu-img.
 */
export async function commitLayer(installation: QemuInstallation, chain: readonly string[], options: { readonly signal?: AbortSignal | undefined; readonly onProgress?: (share: number) => void } = {}): Promise<void> {
  const { signal, onProgress } = options
  const into = chain.at(-2)
  if (into === undefined) throw new Error('A chain of one layer has nothing to be committed to.')
  // -d: the upper layer keeps its content, for it is what the lower is seen through until it is whole.
  const exit = await runQemuImg(installation, ['commit', '-p', '-d', chainName(chain)], { cpuSeconds, signal, onProgress: onProgress ?? (() => {}) })
  if (exit.exitCode !== 0) throw (await findOutOfSpace(into, null, imgFailed(`merge ${chain.at(-1) ?? ''}`, exit))) ?? imgFailed(`merge ${chain.at(-1) ?? ''}`, exit)
}

/** The chain spelled out, so that no header decides which file is opened. */
export function chainName(chain: readonly string[]): string {
  const nodes = chain.reduce<object | null>((backing, path) => ({ driver: 'qcow2', file: { driver: 'file', filename: requireAbsolute(path) }, backing }), null)
  return `json:${JSON.stringify(nodes)}`
}
