/** Takes a file into the image store: checked before it is copied, and once more when nobody else can change it. */
import { stat } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { MayflyError } from '../../contract/errors.ts'
import type { JobHandle } from '../jobs/job-book.ts'
import type { QemuInstallation } from '../qemu/capabilities/qemu-installation.ts'
import { checkQcow2 } from '../qemu/img/check-qcow2.ts'
import { convertToQcow2 } from '../qemu/img/convert-image.ts'
import { copyAndHash, hashFile } from './copy-image-file.ts'
import { type ImageContent, imageFilePath } from './image-document.ts'
import { nameFromFile } from './image-name.ts'
import { inspectImage } from './inspect-image.ts'

/** Throws unless this is an absolute path; what lies there is looked at by the header's reader. */
export function assertAbsolutePath(path: string): void {
  if (isAbsolute(path) && !path.includes('\0')) return
  const message = 'The file is given as an absolute path.'
  throw new MayflyError('invalid-input', message, { issues: [{ path: 'file', message }] })
}

/** What an image is, once its files lie in a folder. */
export interface NewContent {
  readonly origin: string
  readonly sha256: string
  readonly content: ImageContent
}

export interface AddRequest {
  readonly file: string
  /** The folder of the new image. */
  readonly folder: string
  readonly installation: () => Promise<QemuInstallation>
  /** Whether the content is in the store already: then nothing more is done with it. */
  readonly isThere: (sha256: string) => boolean
}

/** Copies a file into the folder of a new image. A raw disk becomes qcow2, so that every chain of layers is of one kind. */
export async function copyIntoFolder({ file, folder, installation, isThere }: AddRequest, job: JobHandle): Promise<NewContent> {
  const { signal } = job
  const onProgress = (done: number, total: number): void => job.progress(done, total)
  const origin = nameFromFile(file)
  const found = await inspectImage(file)
  switch (found.format) {
    case 'raw': {
      job.stage('Reading')
      const before = await stat(file)
      const sha256 = await hashFile(file, { signal, onProgress })
      const made: NewContent = { origin, sha256, content: { kind: 'disk', virtualBytes: found.virtualBytes } }
      if (isThere(sha256)) return made
      job.stage('Converting to qcow2')
      await convertToQcow2(await installation(), { source: file, sourceFormat: 'raw', target: imageFilePath(folder, 'disk'), signal, onProgress: (fraction) => job.progress(fraction) })
      const after = await stat(file)
      if (after.mtimeMs !== before.mtimeMs || after.size !== before.size || after.ino !== before.ino) throw changedMeanwhile(file)
      return made
    }
    case 'qcow2':
    case 'iso9660': {
      job.stage('Copying')
      const target = imageFilePath(folder, found.format === 'qcow2' ? 'disk' : 'iso')
      const sha256 = await copyAndHash(file, target, { signal, onProgress })
      const copied = await inspectImage(target)
      if (copied.format !== found.format) throw changedMeanwhile(file)
      if (copied.format === 'qcow2' && !isThere(sha256)) {
        job.stage('Checking')
        const { corruptions } = await checkQcow2(await installation(), target, { signal })
        if (corruptions > 0) throw new MayflyError('unsupported', `${origin} is damaged: ${corruptions} of its parts contradict each other. Nothing was added.`, { needs: 'a sound image', have: 'a damaged one' })
      }
      return { origin, sha256, content: { kind: copied.format === 'qcow2' ? 'disk' : 'iso', virtualBytes: copied.virtualBytes } }
    }
  }
}

function changedMeanwhile(file: string): MayflyError<'conflict'> {
  return new MayflyError('conflict', `${file} was changed while it was being copied. Nothing was added.`, { state: 'changing', allowed: ['unchanging'] }, { next: 'Add it again when nobody writes to it.' })
}
