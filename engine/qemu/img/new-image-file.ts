/**
 * A file that qemu-img is to fill: it appears under its name only for this call, never replaces
 * one that is there, and is removed when the work fails. Tells a full disk from every other
 * failure by asking the file system, never by reading messages.
 */
import { randomBytes } from 'node:crypto'
import { open, rm, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { MayflyError } from '../../../contract/errors.ts'

/**
 * Makes an empty file at `path` (mode 0600), calls `fill`, and removes the file if that fails.
 * `neededBytes` is what the file will take at least, if that is known.
 *
 * @throws MayflyError 'conflict' when something has that name already, 'no-space', else what `fill` threw.
 */
export async function fillNewFile(path: string, neededBytes: number | null, fill: () => Promise<void>): Promise<void> {
  await refuseTooLarge(path, neededBytes)
  await reserve(path)
  try {
    await fill()
  } catch (error) {
    const outOfSpace = await findOutOfSpace(path, neededBytes, error)
    await rm(path, { force: true })
    throw outOfSpace ?? error
  }
}

async function reserve(path: string): Promise<void> {
  try {
    await (await open(path, 'wx', 0o600)).close()
  } catch (cause) {
    if (errnoOf(cause) === 'EEXIST') throw new MayflyError('conflict', `There is already a file ${path}.`, { state: 'exists', allowed: ['absent'] }, { cause })
    if (isOutOfSpace(cause)) throw noSpace(path, null, 0, cause)
    throw cause
  }
}

async function refuseTooLarge(path: string, neededBytes: number | null): Promise<void> {
  const free = await freeBytes(path)
  if (neededBytes !== null && free !== null && free < neededBytes) throw noSpace(path, neededBytes, free, undefined)
}

/** After a failure, with what was written still in place: whether the disk or the user's quota is full. */
export async function findOutOfSpace(path: string, neededBytes: number | null, cause: unknown): Promise<MayflyError<'no-space'> | null> {
  if (cause instanceof MayflyError && (cause.code === 'cancelled' || cause.code === 'no-space')) return null
  return (await refusesBytes(dirname(path))) ? noSpace(path, neededBytes, await freeBytes(path), cause) : null
}

/** Enough for the file system to have to find room for it. */
const trialBytes = 1024 * 1024

/** Asks by writing: quotas and reserved blocks do not show in the free count. */
async function refusesBytes(folder: string): Promise<boolean> {
  const trial = join(folder, `.${randomBytes(6).toString('hex')}.tmp`)
  try {
    const file = await open(trial, 'wx', 0o600)
    try {
      await file.writeFile(randomBytes(trialBytes))
      await file.sync()
    } finally {
      await file.close()
    }
    return false
  } catch (error) {
    return isOutOfSpace(error)
  } finally {
    await rm(trial, { force: true })
  }
}

async function freeBytes(path: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(dirname(path))
    return bavail * bsize
  } catch {
    return null
  }
}

function noSpace(path: string, needed: number | null, free: number | null, cause: unknown): MayflyError<'no-space'> {
  return new MayflyError('no-space', `There is no space left to write ${path}.`, { path, needed, free }, { cause, next: 'Free some space and try again.' })
}

function isOutOfSpace(error: unknown): boolean {
  const errno = errnoOf(error)
  return errno === 'ENOSPC' || errno === 'EDQUOT'
}

function errnoOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
