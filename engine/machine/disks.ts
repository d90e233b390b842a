/** Makes, measures and resizes the disks of a machine. */
import { join } from 'node:path'
import { MayflyError } from '../../contract/errors.ts'
import type { DeviceId, ImageId } from '../../contract/ids.ts'
import { createQcow2 } from '../qemu/img/create-qcow2.ts'
import type { MachineFolderNames } from '../storage/names.ts'
import type { EngineContext } from './engine-context.ts'
import { makeDiskFolder, newLayerFile, removeDiskFolder } from './layers.ts'

export interface BlankDisk {
  readonly disk: DeviceId
  readonly sizeMiB: number
  readonly preallocation: 'off' | 'metadata' | 'falloc' | 'full'
  /** The disk image it begins from; null: blank. */
  readonly image: ImageId | null
  readonly signal?: AbortSignal | undefined
  /** Bytes that are reserved, of all. */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void
}

/** Makes a disk's folder and layers; answers with the layers' file names. On a failure nothing is left. */
export async function makeDisk(context: EngineContext, names: MachineFolderNames, request: BlankDisk): Promise<string[]> {
  const folder = await makeDiskFolder(names, request.disk)
  const installation = await context.host.installation()
  const active = newLayerFile()
  try {
    if (request.image === null) {
      await createQcow2(installation, { path: join(folder, active), sizeBytes: request.sizeMiB * 1024 * 1024, preallocation: request.preallocation, signal: request.signal, onProgress: request.onProgress })
      return [active]
    }
    if (request.preallocation !== 'off') {
      throw new MayflyError('unsupported', 'Space cannot be reserved for a disk that begins from an image: it holds only what differs.', { needs: 'a blank disk', have: 'a disk from an image' })
    }
    const base = newLayerFile()
    await context.images.linkInto(request.image, 'disk', join(folder, base))
    await createQcow2(installation, { path: join(folder, active), sizeBytes: request.sizeMiB * 1024 * 1024, preallocation: 'off', backing: { name: base, format: 'qcow2' } })
    return [base, active]
  } catch (error) {
    await removeDiskFolder(names, request.disk)
    throw error
  }
}
