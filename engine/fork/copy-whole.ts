/** Copies a file whose holes shall stay holes: a layer has the size of a disk, or of a guest's RAM, and holds far less. */
import { constants } from 'node:fs'
import { copyFile, type FileHandle, open, rm } from 'node:fs/promises'
import { nothingBeneath } from '../checkpoint/compose-ram.ts'
import { copyRanges } from '../checkpoint/copy-ranges.ts'
import { ramPageBytes } from '../qemu/process/ram-layer.ts'

export interface WholeCopy {
  readonly signal: AbortSignal
  /** Shares of the file, 0 to 1. */
  readonly onProgress: (share: number) => void
}

/**
 * Makes `target`, which must not exist, with the content and the mode of `source`, and puts it on disk. Blocks are shared where the
 * file system can, which takes no time. Throws the signal's reason, or the system's error; `target` is then not there.
 */
export async function copyWhole(source: string, target: string, { signal, onProgress }: WholeCopy): Promise<void> {
  const from = await open(source, 'r')
  try {
    const { size, mode } = await from.stat()
    const isShared = await copyFile(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE).then(() => true, () => false)
    if (!isShared) await rm(target, { force: true })
    const to = await open(target, isShared ? 'r' : 'wx', mode & 0o777)
    try {
      if (!isShared) await copySparse(from, to, size, { signal, onProgress })
      // A copy that takes the name of what was there before must be on disk.
      await to.sync()
    } finally {
      await to.close()
    }
  } catch (error) {
    await rm(target, { force: true })
    throw error
  } finally {
    await from.close()
  }
}

async function copySparse(from: FileHandle, to: FileHandle, size: number, { signal, onProgress }: WholeCopy): Promise<void> {
  await to.truncate(size)
  const pages = Math.floor(size / ramPageBytes)
  if (pages > 0) {
    await copyRanges({ target: to.fd, files: [from.fd], ranges: Uint32Array.of(0, pages, 0, nothingBeneath), signal, onProgress: (done) => onProgress(done / pages) })
  }
  const rest = Buffer.alloc(size - pages * ramPageBytes)
  const { bytesRead } = await from.read(rest, 0, rest.length, pages * ramPageBytes)
  await to.write(rest, 0, bytesRead, pages * ramPageBytes)
}
