/** Shares a file that is never written again: machines, their clones and images share layers so (docs/adr/0003). */
import { constants } from 'node:fs'
import { chmod, copyFile, link, rm } from 'node:fs/promises'
import { describeWriteFailure, syncPath } from '../storage/atomic-file.ts'

/** Another file system; one without hard links; a policy against them; a file with all the names it can have. */
const linkRefusals: ReadonlySet<string> = new Set(['EXDEV', 'EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/**
 * Gives `target`, which must not exist, the content of the frozen file `source`: the same file
 * where the file system allows a second name for it, else a copy (sharing its blocks where it
 * can). Throws `no-space`; whatever fails, `target` is not there afterwards.
 */
export async function linkOrCopy(source: string, target: string): Promise<void> {
  try {
    await link(source, target)
    return
  } catch (error) {
    if (!linkRefusals.has(codeOf(error) ?? '')) throw error
  }
  try {
    await copyFile(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    await chmod(target, 0o444)
    await syncPath(target)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') await rm(target, { force: true })
    throw await describeWriteFailure(target, error)
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
