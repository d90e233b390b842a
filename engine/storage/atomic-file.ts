/** Files that are replaced as a whole: a reader, or the next start after a power cut, sees the old one or the new one. */
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { open, rename, rm, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { MayflyError } from '../../contract/errors.ts'

/**
 * Replaces `path`: writes beside it, syncs, renames, syncs the folder. Throws `no-space` on a
 * full disk, with the old file intact and nothing left beside it. `durable` false: without the syncs,
 * where whoever calls makes it durable later, or never needs it after a power cut. `ready`: waited for
 * before the old file is replaced; where it fails, so does this, and nothing is changed.
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array, mode = 0o600, durable = true, ready?: Promise<unknown>): Promise<void> {
  const folder = dirname(path)
  const temporary = join(folder, `.${randomBytes(6).toString('hex')}.tmp`)
  // Where both fail this one is told of its own failure, and a failure that nobody hears would end the engine.
  ready?.catch(() => undefined)
  try {
    const file = await open(temporary, 'wx', mode)
    try {
      await file.writeFile(data)
      if (durable) await file.sync()
    } finally {
      await file.close()
    }
    await ready
    await rename(temporary, path)
  } catch (cause) {
    await rm(temporary, { force: true })
    throw await describeWriteFailure(path, cause)
  }
  if (durable) await syncPath(folder)
}

/** Makes the content of a file, or the renames in a folder, outlast a power cut. Throws the system's error. */
export async function syncPath(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Turns a full disk into `no-space`; other failures are passed on as they are. */
export async function describeWriteFailure(path: string, cause: unknown): Promise<unknown> {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return cause
  return new MayflyError('no-space', `There is no space left to write ${path}. What was there before is unchanged.`, { path, needed: null, free: await freeBytes(dirname(path)) }, { cause, next: 'Free some space and try again.' })
}

/** Bytes this user may still write where `folder` lies; null where nobody knows. */
export async function freeBytes(folder: string): Promise<number | null> {
  try {
    const stats = await statfs(folder)
    return stats.bavail * stats.bsize
  } catch {
    return null
  }
}

/**
 * Makes a folder that only this user may enter, and those above it. Throws `no-space`. All others are made by this: where an ext4 is full, Node's
 * `mkdir` of promises with `recursive` says ENOENT, as if something were missing (20 and 22), and only the synchronous one says why.
 */
export async function makePrivateFolder(folder: string): Promise<void> {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw await describeWriteFailure(folder, cause)
  }
}
