/** Makes qcow2 files: every disk's layers begin here, with the same sane options. */
import { stat } from 'node:fs/promises'
import { MayflyError } from '../../../contract/errors.ts'
import type { QemuInstallation } from '../capabilities/qemu-installation.ts'
import { fillNewFile } from './new-image-file.ts'
import { imgFailed, requireAbsolute, runQemuImg } from './run-qemu-img.ts'

const growthIntervalMs = 500

export interface NewQcow2 {
  readonly path: string
  readonly sizeBytes: number
  /** A power of two from 512 bytes to 2 MiB. Default 64 KiB, QEMU's own. */
  readonly clusterBytes?: number
  /** How much is allocated at once: nothing, the tables, or the data too (`falloc` fast, `full` by writing zeroes). */
  readonly preallocation?: 'off' | 'metadata' | 'falloc' | 'full'
  /** Counts references lazily: fewer writes; after a crash of the host QEMU counts anew. Default on. */
  readonly lazyRefcounts?: boolean
  /** The layer below: a file's name in the same folder, or an absolute path. It is not opened. */
  readonly backing?: { readonly name: string; readonly format: 'qcow2' | 'raw' }
  readonly signal?: AbortSignal | undefined
  /** While all of its space is being reserved, about once a second: bytes of all. */
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined
}

/**
 * Makes a qcow2 file that was not there.
 *
 * @throws MayflyError 'conflict' when the name is taken, 'no-space', 'cancelled',
 * 'host-unavailable' without qemu-img, 'job-failed'. Nothing is left after a failure.
 */
export async function createQcow2(installation: QemuInstallation, image: NewQcow2): Promise<void> {
  const { path, sizeBytes, clusterBytes = 64 * 1024, preallocation = 'off', lazyRefcounts = true, backing, signal, onProgress } = image
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes <= 0 || sizeBytes % 512 !== 0) {
    throw new MayflyError('invalid-input', 'A disk is as large as a whole number of 512-byte sectors.', { issues: [{ path: 'sizeBytes', message: `${sizeBytes} is not` }] })
  }
  const options = [`cluster_size=${clusterBytes}`, `preallocation=${preallocation}`, `lazy_refcounts=${lazyRefcounts ? 'on' : 'off'}`]
  // -u: the layer below is named, not opened; its size is given, so nothing needs to be read from it.
  const below = backing === undefined ? [] : ['-u', '-b', requirePlainName(backing.name), '-F', backing.format]
  const neededBytes = preallocation === 'falloc' || preallocation === 'full' ? sizeBytes : null
  await fillNewFile(requireAbsolute(path), neededBytes, async () => {
    const cpuSeconds = preallocation === 'full' ? 24 * 3600 : 600
    const stopWatching = neededBytes === null || onProgress === undefined ? () => undefined : watchGrowth(path, (bytes) => onProgress(Math.min(bytes, sizeBytes), sizeBytes))
    const exit = await runQemuImg(installation, ['create', '-q', '-f', 'qcow2', '-o', options.join(','), ...below, path, String(sizeBytes)], { cpuSeconds, signal }).finally(stopWatching)
    if (exit.exitCode !== 0) throw imgFailed(`make the disk ${path}`, exit)
  })
}

/** qemu-img tells nothing while it makes a file; the file system does. */
function watchGrowth(path: string, grew: (bytes: number) => void): () => void {
  const timer = setInterval(() => {
    // In blocks of 512 bytes, whatever the file system's own are (stat(2)).
    void stat(path).then(({ blocks }) => grew(blocks * 512), () => undefined)
  }, growthIntervalMs)
  return () => clearInterval(timer)
}

/** A name in front of a colon is a protocol to QEMU (`nbd:`, `json:`), wherever it came from. */
function requirePlainName(name: string): string {
  if (name === '' || name.startsWith('-') || /^[^/]*:/.test(name)) throw new Error(`${name} cannot name the layer below.`)
  return name
}
