/**
 * What belongs to a point besides disks and RAM: UEFI variables, TPM state, the kernel it starts
 * from, the discs in its drives. Variables and TPM are small and written in place, so they are
 * copied; kernels and discs are replaced as files and never written to, so they are linked.
 */
import { constants, copyFile, cp, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { linkOrCopy } from '../images/link-or-copy.ts'
import { describeWriteFailure, makePrivateFolder } from '../storage/atomic-file.ts'

/** Where they lie, in a machine's folder or in a checkpoint's. */
export interface Belongings {
  readonly nvram: string
  readonly tpm: string
  readonly boot: string
  readonly media: string
}

export interface Has {
  readonly hasNvram: boolean
  readonly hasTpm: boolean
}

/** Copies variables and TPM state to an empty folder. The guest must stand still, and so nothing here waits for the disk: `syncFirmwareState` does. */
export async function copyFirmwareState(from: Pick<Belongings, 'nvram' | 'tpm'>, to: Pick<Belongings, 'nvram' | 'tpm'>): Promise<Has> {
  const [hasNvram, hasTpm] = await Promise.all([copyOne(from.nvram, to.nvram), copyTree(from.tpm, to.tpm)])
  return { hasNvram, hasTpm }
}

/** Makes what was copied survive a power cut. */
export async function syncFirmwareState(at: Pick<Belongings, 'nvram' | 'tpm'>): Promise<void> {
  const files = await readdir(at.tpm).catch(() => [])
  for (const path of [at.nvram, ...files.map((file) => join(at.tpm, file)), at.tpm]) await sync(path)
}

/** Links kernel and discs to an empty folder. */
export async function linkMedia(from: Pick<Belongings, 'boot' | 'media'>, to: Pick<Belongings, 'boot' | 'media'>): Promise<void> {
  await linkFolder(from.boot, to.boot)
  await linkFolder(from.media, to.media)
}

/** Makes all of them what they are at `from`. Can be repeated after it was interrupted. */
export async function replaceBelongings(from: Belongings, to: Belongings): Promise<void> {
  await replace(to.nvram, (coming) => copyOne(from.nvram, coming))
  await replace(to.tpm, (coming) => copyTree(from.tpm, coming))
  await replace(to.boot, (coming) => linkFolder(from.boot, coming))
  await replace(to.media, (coming) => linkFolder(from.media, coming))
  await syncFirmwareState(to)
}

/** Puts what `make` makes in the place of `path`; nothing where it makes nothing. */
async function replace(path: string, make: (coming: string) => Promise<boolean>): Promise<void> {
  const coming = `${path}.new`
  await rm(coming, { recursive: true, force: true })
  const made = await make(coming)
  await rm(path, { recursive: true, force: true })
  if (made) await rename(coming, path)
}

async function copyOne(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE)
  } catch (error) {
    if (isMissing(error)) return false
    throw await describeWriteFailure(to, error)
  }
  return true
}

async function copyTree(from: string, to: string): Promise<boolean> {
  if (!(await exists(from))) return false
  try {
    await cp(from, to, { recursive: true, mode: constants.COPYFILE_FICLONE })
  } catch (error) {
    throw await describeWriteFailure(to, error)
  }
  return true
}

async function linkFolder(from: string, to: string): Promise<boolean> {
  const files = await readdir(from).catch((error: unknown) => {
    if (isMissing(error)) return null
    throw error
  })
  if (files === null) return false
  await makePrivateFolder(to)
  for (const file of files) await linkOrCopy(join(from, file), join(to, file))
  return true
}

async function sync(path: string): Promise<void> {
  try {
    const file = await open(path, 'r')
    try {
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (!isMissing(error)) throw await describeWriteFailure(path, error)
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false)
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
