/** Takes a file into the image store: checked before it is copied, and once more when nobody else can change it. */
import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { MayflyError } from '../../contract/errors.ts'
import type { JobHandle } from '../jobs/job-book.ts'
import type { QemuInstallation } from '../qemu/capabilities/qemu-installation.ts'
import { convertToQcow2 } from '../qemu/img/convert-image.ts'
import { copyAndHash, hashFile } from './copy-image-file.ts'
import { type ImageContent, imageFilePath } from './image-document.ts'
import { nameFromFile } from './image-name.ts'
import { inspectImage } from './inspect-image.ts'

/** Throws `invalid-input` or `not-found` unless this is a plain file that can be read. */
export async function assertReadableFile(path: string): Promise<void> {
  if (!isAbsolute(path) || path.includes('\0')) {
    const message = 'The file is given as an absolute path.'
    throw new MayflyError('invalid-input', message, { issues: [{ path: 'file', message }] })
  }
  let isFile: boolean
  try {
    // Nothing but a plain file is opened: opening a pipe or a device may wait, or do something.
    isFile = (await stat(path)).isFile()
    if (isFile) await (await open(path, constants.O_RDONLY | constants.O_NONBLOCK)).close()
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause && cause.code === 'EACCES' ? 'may not be read' : 'cannot be found'
    throw new MayflyError('not-found', `${path} ${reason}. Nothing was added.`, { kind: 'file', ref: path }, { cause })
  }
  if (isFile) return
  const message = `${path} is not a plain file. Nothing was added.`
  throw new MayflyError('invalid-input', message, { issues: [{ path: 'file', message }] })
}

/** What an image is, once its files lie in a folder. */
export interface NewContent {
  readonly origin: string
  readonly sha256: string
  readonly content: ImageContent
}

/** Copies `file` into the folder of a new image. A raw disk becomes qcow2, so that every chain of layers is of one kind. */
export async function copyIntoFolder(installation: () => Promise<QemuInstallation>, file: string, folder: string, job: JobHandle): Promise<NewContent> {
  const { signal } = job
  const onProgress = (done: number, total: number): void => job.progress(done, total)
  const origin = nameFromFile(file)
  const found = await inspectImage(file)
  switch (found.format) {
    case 'raw': {
      job.stage('Reading')
      const before = await stat(file)
      const sha256 = await hashFile(file, { signal, onProgress })
      job.stage('Converting to qcow2')
      await convertToQcow2(await installation(), { source: file, sourceFormat: 'raw', target: imageFilePath(folder, 'disk'), signal, onProgress: (fraction) => job.progress(fraction) })
      const after = await stat(file)
      if (after.mtimeMs !== before.mtimeMs || after.size !== before.size || after.ino !== before.ino) throw changedMeanwhile(file)
      return { origin, sha256, content: { kind: 'disk', virtualBytes: found.virtualBytes } }
    }
    case 'qcow2':
    case 'iso9660': {
      job.stage('Copying')
      const target = imageFilePath(folder, found.format === 'qcow2' ? 'disk' : 'iso')
      const sha256 = await copyAndHash(file, target, { signal, onProgress })
      const copied = await inspectImage(target)
      if (copied.format !== found.format) throw changedMeanwhile(file)
      return { origin, sha256, content: { kind: copied.format === 'qcow2' ? 'disk' : 'iso', virtualBytes: copied.virtualBytes } }
    }
  }
}

function changedMeanwhile(file: string): MayflyError<'conflict'> {
  return new MayflyError('conflict', `${file} was changed while it was being copied. Nothing was added.`, { state: 'changing', allowed: ['unchanging'] }, { next: 'Add it again when nobody writes to it.' })
}
