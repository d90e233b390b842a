/**
 * Discs in a machine's CD drives. The image is linked into the machine's folder, so that the
 * folder stays whole by itself and the image may be removed from the store meanwhile.
 */
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DeviceId } from '../../contract/ids.ts'
import { MayflyError } from '../../contract/errors.ts'
import type { ImageStore } from '../images/image-store.ts'
import { makePrivateFolder } from '../storage/atomic-file.ts'
import type { MachineFolderNames } from '../storage/names.ts'

/** The file in this drive, if there is one. */
export function cdromPath(names: Pick<MachineFolderNames, 'media'>, drive: DeviceId): string {
  return join(names.media, `${drive}.iso`)
}

/** Links an ISO image into the drive's place. Throws `unsupported` for any other image. */
export async function placeMedium(names: MachineFolderNames, drive: DeviceId, images: ImageStore, ref: string): Promise<void> {
  const image = images.get(ref)
  if (image.kind !== 'iso') throw new MayflyError('unsupported', `${image.name} is not an ISO image; a CD drive takes nothing else.`, { needs: 'an ISO image', have: image.kind })
  await makePrivateFolder(names.media)
  const coming = `${cdromPath(names, drive)}.new`
  await rm(coming, { force: true })
  await images.linkInto(image.id, 'iso', coming)
  // Two names of one file cannot replace one another (rename(2)), and the same disc may come twice.
  await removeMedium(names, drive)
  await rename(coming, cdromPath(names, drive))
}

export async function removeMedium(names: MachineFolderNames, drive: DeviceId): Promise<void> {
  await rm(cdromPath(names, drive), { force: true })
}
