/** Copies and hashes the large files of images, with progress, and without holding up the engine. */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, copyFile, open, rm } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { MayflyError } from '../../contract/errors.ts'
import { describeWriteFailure, freeBytes } from '../storage/atomic-file.ts'

export interface CopyProgress {
  readonly signal: AbortSignal
  readonly onProgress: (doneBytes: number, totalBytes: number) => void
}

/** Small enough that hashing one piece takes well under a millisecond. */
const pieceBytes = 256 * 1024

/** SHA-256 of a file. Throws the signal's reason when it aborts. */
export function hashFile(path: string, progress: CopyProgress): Promise<string> {
  return readThrough(path, progress, () => Promise.resolve())
}

/**
 * Copies a file and answers with its SHA-256. The copy shares its blocks with the source where
 * the file system can. Throws `no-space`, or the signal's reason; then `target` is not there.
 */
export async function copyAndHash(source: string, target: string, progress: CopyProgress): Promise<string> {
  try {
    if (await cloneBlocks(source, target)) return await hashFile(target, progress)
    await assertRoom(source, target)
    const file = await open(target, 'wx', 0o600)
    try {
      const hash = await readThrough(source, progress, async (piece) => {
        await file.writeFile(piece)
      })
      await file.sync()
      return hash
    } finally {
      await file.close()
    }
  } catch (error) {
    await rm(target, { force: true })
    throw await describeWriteFailure(target, error)
  }
}

async function cloneBlocks(source: string, target: string): Promise<boolean> {
  try {
    await copyFile(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE)
    await chmod(target, 0o600)
    return true
  } catch {
    await rm(target, { force: true })
    return false
  }
}

async function assertRoom(source: string, target: string): Promise<void> {
  const file = await open(source, 'r')
  let needed: number
  try {
    needed = (await file.stat()).size
  } finally {
    await file.close()
  }
  const free = await freeBytes(dirname(target))
  if (free === null || free >= needed) return
  throw new MayflyError('no-space', `${basename(source)} does not fit: it has ${needed} bytes, and ${free} are free where images are kept. Nothing was copied.`, { path: dirname(target), needed, free }, { next: 'Free some space and try again.' })
}

async function readThrough(path: string, { signal, onProgress }: CopyProgress, use: (piece: Buffer) => Promise<void>): Promise<string> {
  const hash = createHash('sha256')
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const buffer = Buffer.allocUnsafe(pieceBytes)
    let done = 0
    for (;;) {
      signal.throwIfAborted()
      const { bytesRead } = await file.read(buffer, 0, pieceBytes, done)
      if (bytesRead === 0) return hash.digest('hex')
      const piece = buffer.subarray(0, bytesRead)
      hash.update(piece)
      await use(piece)
      done += bytesRead
      onProgress(done, size)
    }
  } finally {
    await file.close()
  }
}
