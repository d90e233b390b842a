/**
 * Frozen layers of RAM on disk (docs/adr/0007): `<id>.ram`, as long as the guest's RAM and sparse,
 * and `<id>.index`. Both are 0444 and never written again, since a machine may map them. A layer is
 * there when its index is: it is written last.
 */
import { closeSync, openSync } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { MayflyError } from '../../contract/errors.ts'
import { linkOrCopy } from '../images/link-or-copy.ts'
import type { OpenRamLayer } from '../qemu/process/ram-layer.ts'
import { describeWriteFailure, makePrivateFolder, syncPath } from '../storage/atomic-file.ts'
import { composeRam, nothingBeneath } from './compose-ram.ts'
import { copyRanges, withBeneath } from './copy-ranges.ts'
import { type RamIndex, readRamIndex, writeRamIndex } from './ram-index.ts'
import { writePages } from './write-pages.ts'

export interface RamLayerFiles {
  readonly data: string
  readonly index: string
}

export function ramLayerFiles(folder: string, id: string): RamLayerFiles {
  return { data: join(folder, `${id}.ram`), index: join(folder, `${id}.index`) }
}

export interface WriteRamLayerRequest {
  /** `ram` of the machine's folder; made where it is missing. */
  readonly folder: string
  readonly id: string
  readonly ramBytes: number
  /** What is written, lowest first: one layer, or several that become one. */
  readonly layers: readonly OpenRamLayer[]
  /** The pile it will stand on, lowest first, for comparison. Empty: it becomes a lowest layer, and holds everything. */
  readonly beneath: readonly OpenRamLayer[]
  readonly signal?: AbortSignal
  readonly onProgress?: (done: { readonly bytes: number; readonly ofBytes: number }) => void
}

export interface WrittenRamLayer {
  /** Bytes of data in its file. */
  readonly writtenBytes: number
  readonly index: RamIndex
}

/**
 * Writes a layer to disk beside the guest, without stopping the event loop: pages that equal what
 * is beneath are left out, zeroes take no space. Survives a power cut when it resolves. Throws
 * `no-space`, `cancelled`, the system's error; nothing is left then.
 */
export async function writeRamLayer(request: WriteRamLayerRequest): Promise<WrittenRamLayer> {
  const { folder, id, ramBytes } = request
  await makePrivateFolder(folder)
  const files = ramLayerFiles(folder, id)
  const temporary = join(folder, `.${id}.ram.tmp`)
  try {
    const file = await open(temporary, 'wx', 0o600)
    let written
    try {
      await file.truncate(ramBytes)
      written = await writePages(file.fd, request)
      await file.chmod(0o444)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, files.data)
    const index: RamIndex = { id, ramBytes, digest: written.digest, extents: written.extents }
    await writeRamIndex(files.index, index)
    return { writtenBytes: written.writtenBytes, index }
  } catch (cause) {
    for (const path of [temporary, files.index, files.data]) await rm(path, { force: true })
    throw await describeWriteFailure(files.data, cause)
  }
}

/**
 * Opens a pile that lies on disk, lowest first. The caller closes it (`closeRamLayers`). Throws
 * `storage-corrupt` where a file is missing, cut off, or does not belong here.
 */
export async function openRamLayers(folder: string, ids: readonly string[], ramBytes: number): Promise<OpenRamLayer[]> {
  const opened: OpenRamLayer[] = []
  try {
    for (const id of ids) opened.push(await openRamLayer(folder, id, ramBytes))
    return opened
  } catch (error) {
    closeRamLayers(opened)
    throw error
  }
}

async function openRamLayer(folder: string, id: string, ramBytes: number): Promise<OpenRamLayer> {
  const { extents } = await checkRamLayer(folder, id, ramBytes)
  return { id, descriptor: openSync(ramLayerFiles(folder, id).data, 'r'), extents }
}

export function closeRamLayers(layers: readonly OpenRamLayer[]): void {
  for (const { descriptor } of layers) closeSync(descriptor)
}

/** Whether a layer's files are there and whole as far as that can be told without reading all of it. Throws `storage-corrupt`. */
export async function checkRamLayer(folder: string, id: string, ramBytes: number): Promise<RamIndex> {
  const files = ramLayerFiles(folder, id)
  let index
  let size
  try {
    index = await readRamIndex(files.index, id)
    size = (await stat(files.data)).size
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw damaged(files.data, 'a file is missing')
    throw error
  }
  if (index.ramBytes !== ramBytes) throw damaged(files.index, `it is of a machine with ${index.ramBytes / 1024 / 1024} MiB`)
  // A private mapping of pages behind a file's end would end QEMU with a signal.
  if (size !== ramBytes) throw damaged(files.data, 'it is cut off')
  return index
}

/** Reads all of a layer and holds it against its index. Throws `storage-corrupt` where a page is not what was written. */
export async function verifyRamLayer(folder: string, id: string, ramBytes: number, signal?: AbortSignal): Promise<void> {
  const { digest, extents } = await checkRamLayer(folder, id, ramBytes)
  const { data } = ramLayerFiles(folder, id)
  const descriptor = openSync(data, 'r')
  try {
    const ranges = withBeneath(composeRam([extents]), nothingBeneath)
    const found = await copyRanges({ target: -1, files: [descriptor], ranges, ...(signal === undefined ? {} : { signal }) })
    if (found.digest !== digest) throw damaged(data, 'its content has changed')
  } finally {
    closeSync(descriptor)
  }
}

/** Gives another machine's folder the same layers, as links where the file system can. Layers that are there already stay. Throws `no-space`. */
export async function shareRamLayers(from: string, to: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await makePrivateFolder(to)
  for (const id of ids) {
    const [source, target] = [ramLayerFiles(from, id), ramLayerFiles(to, id)]
    // In this order: a layer is there when its index is.
    for (const name of ['data', 'index'] as const) await linkUnlessThere(source[name], target[name])
  }
  await syncPath(to)
}

async function linkUnlessThere(source: string, target: string): Promise<void> {
  try {
    await linkOrCopy(source, target)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}

/** Removes a layer that nothing of this machine names any more. Who maps it keeps it. */
export async function removeRamLayer(folder: string, id: string): Promise<void> {
  const { data, index } = ramLayerFiles(folder, id)
  await rm(index, { force: true })
  await rm(data, { force: true })
}

export interface RamLayerSize {
  /** What it takes on disk. */
  readonly bytes: number
  /** Another machine has it too. */
  readonly isShared: boolean
}

/** Zero where it is missing. */
export async function ramLayerSize(folder: string, id: string): Promise<RamLayerSize> {
  const { data, index } = ramLayerFiles(folder, id)
  const sizes = await Promise.all([data, index].map((path) => stat(path).catch(() => null)))
  // In units of 512 bytes, whatever the file system's blocks are (stat(2)).
  return { bytes: sizes.reduce((sum, size) => sum + (size?.blocks ?? 0) * 512, 0), isShared: sizes.some((size) => (size?.nlink ?? 1) > 1) }
}

function damaged(file: string, reason: string): MayflyError<'storage-corrupt'> {
  return new MayflyError('storage-corrupt', `The saved RAM ${file} cannot be used: ${reason}. Disks are not concerned.`, { file, reason }, { next: 'Restore only the disks, or delete the checkpoint.' })
}
