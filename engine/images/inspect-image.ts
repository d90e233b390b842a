/** What a file that somebody wants to add is. Nothing in its header may make us open another file. */
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { MayflyError } from '../../contract/errors.ts'
import { readImageHeader } from '../qemu/img/image-header.ts'

export interface InspectedImage {
  readonly format: 'qcow2' | 'raw' | 'iso9660'
  /** Bytes a guest would see. */
  readonly virtualBytes: number
}

/**
 * Reads a file's header with our own code. Throws `unsupported` for anything but a sound,
 * self-contained image, `not-found` and `invalid-input` where it cannot be read.
 */
export async function inspectImage(path: string): Promise<InspectedImage> {
  const { kind, virtualSizeBytes, refusals } = await readImageHeader(path)
  const reasons = refusals.map(({ sentence }) => sentence).join(' ')
  if (reasons !== '') throw refused(path, kind, reasons)
  switch (kind) {
    case 'qcow2':
    case 'raw':
      return { format: kind, virtualBytes: virtualSizeBytes }
    case 'iso':
      return { format: 'iso9660', virtualBytes: (await stat(path)).size }
    default:
      throw refused(path, kind, 'It is not a disk image or an ISO file.')
  }
}

function refused(path: string, kind: string, reasons: string): MayflyError<'unsupported'> {
  return new MayflyError('unsupported', `${basename(path)} cannot be used as an image. ${reasons} Nothing was added.`, { needs: 'a sound qcow2, raw or ISO image that names no other file', have: kind })
}
