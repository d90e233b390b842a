/**
 * Looks at a file before anything of QEMU does. QEMU's own probing would follow what a header
 * names (a layer below, a data file, `json:`, a network address), so nothing from outside
 * reaches it unless this reader found it sound, of a known kind, and alone.
 */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { MayflyError } from '../../../contract/errors.ts'
import { readForeignKind } from './foreign-formats.ts'
import type { ImageBytes, ImageVerdict } from './image-verdict.ts'
import { refusal } from './image-verdict.ts'
import { readIso } from './iso-header.ts'
import { readQcow2 } from './qcow2-header.ts'
import { readRaw } from './raw-content.ts'

/**
 * What the file is. Reads the file itself and nothing it names.
 *
 * @throws MayflyError 'not-found' when there is no such file, 'invalid-input' when it is no
 * regular file or may not be read.
 */
export async function readImageHeader(path: string): Promise<ImageVerdict> {
  const file = await openRegular(path)
  try {
    const { size } = await file.stat()
    return await judge({
      sizeBytes: size,
      read: async (offset, length) => {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset)
        return buffer.subarray(0, bytesRead)
      },
    })
  } finally {
    await file.close()
  }
}

async function judge(bytes: ImageBytes): Promise<ImageVerdict> {
  if (bytes.sizeBytes === 0) return { kind: 'unknown', virtualSizeBytes: 0, refusals: [refusal('empty', 'The file is empty.')] }
  // An ISO may begin with a partition table, so that it boots from a stick too: it is looked for first.
  return (await readQcow2(bytes)) ?? (await readForeignKind(bytes)) ?? (await readIso(bytes)) ?? (await readRaw(bytes))
}

async function openRegular(path: string): Promise<FileHandle> {
  let file: FileHandle
  try {
    // Without O_NONBLOCK a pipe in the file's place would make us wait for ever.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (cause) {
    const errno = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (errno === 'ENOENT' || errno === 'ENOTDIR') throw new MayflyError('not-found', `There is no file ${path}.`, { kind: 'file', ref: path }, { cause })
    throw unreadable(path, 'may not be read', cause)
  }
  if ((await file.stat()).isFile()) return file
  await file.close()
  throw unreadable(path, 'is no regular file', undefined)
}

function unreadable(path: string, message: string, cause: unknown): MayflyError<'invalid-input'> {
  return new MayflyError('invalid-input', `${path} ${message}.`, { issues: [{ path: 'file', message }] }, { cause })
}
