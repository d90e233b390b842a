/** One image as the store knows it, read from its folder. A folder that cannot be used is known too, with the reason. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isMayflyError } from '../../contract/errors.ts'
import { type ImageId, imageIdSchema } from '../../contract/ids.ts'
import type { Image } from '../../contract/image.ts'
import { readDocument } from '../storage/document.ts'
import { filesOf, type ImageDocument, imageDocument, imageDocumentPath, imageFilePath } from './image-document.ts'

export interface ImageEntry {
  readonly id: ImageId
  readonly folder: string
  /** Null where image.json cannot be used. */
  readonly document: ImageDocument | null
  /** Bytes on the host. */
  readonly sizeBytes: number
  /** One sentence where the image cannot be used. */
  readonly broken: string | null
}

/** Reads one image's folder. Never throws for what is in it. */
export async function readImageEntry(folder: string, id: ImageId): Promise<ImageEntry> {
  let document: ImageDocument
  try {
    document = await readDocument(imageDocumentPath(folder), imageDocument)
  } catch (error) {
    return { id, folder, document: null, sizeBytes: 0, broken: isMayflyError(error) ? error.message : `image.json cannot be read.` }
  }
  if (document.id !== id) return { id, folder, document: null, sizeBytes: 0, broken: `image.json belongs to the image ${document.id}, not to this folder.` }
  let sizeBytes = 0
  for (const file of filesOf(document.content)) {
    const stats = await stat(imageFilePath(folder, file)).catch(() => null)
    if (stats === null || !stats.isFile()) return { id, folder, document, sizeBytes, broken: `${imageFilePath(folder, file)} is missing.` }
    sizeBytes += stats.blocks * 512
  }
  return { id, folder, document, sizeBytes, broken: null }
}

/** Reads all images. Names that begin with a dot are work that was interrupted; answered apart. */
export async function readImageFolders(root: string): Promise<{ entries: ImageEntry[]; leftovers: string[] }> {
  const names = await readdir(root)
  const ids = names.map((name) => imageIdSchema.safeParse(name)).flatMap((parsed) => (parsed.success ? [parsed.data] : []))
  const entries = await Promise.all(ids.map((id) => readImageEntry(join(root, id), id)))
  return { entries, leftovers: names.filter((name) => name.startsWith('.')).map((name) => join(root, name)) }
}

/** The image as the contract shows it. */
export function showImage(entry: ImageEntry, usedBy: readonly string[]): Image {
  const { document, id, sizeBytes, broken } = entry
  const common = { id, sizeBytes, usedBy: [...usedBy], broken }
  if (document === null) {
    // The kind of a broken image is not known; the contract has no word for that.
    return { ...common, name: id, kind: 'disk', format: 'unknown', virtualBytes: null, sha256: '', origin: '', createdAt: new Date(0).toISOString() }
  }
  const { name, origin, createdAt, sha256, content } = document
  const described = { ...common, name, origin, createdAt, sha256 }
  switch (content.kind) {
    case 'disk':
      return { ...described, kind: 'disk', format: 'qcow2', virtualBytes: content.virtualBytes }
    case 'iso':
      return { ...described, kind: 'iso', format: 'iso9660', virtualBytes: content.virtualBytes }
    case 'kernel':
      return { ...described, kind: 'kernel', format: 'linux', virtualBytes: null }
  }
}
