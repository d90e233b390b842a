/**
 * The archive of files that a run's commands are given: handed in for it, or the one of an earlier run.
 * It stays with the run's evidence, so that the run can be had again, where it is not too large.
 */
import { link, rename, rm, stat } from 'node:fs/promises'
import { MayflyError } from '../../contract/errors.ts'
import type { Run } from '../../contract/run.ts'

/** Larger ones go when their run has ended. */
const mostKeptBytes = 256 * 1024 * 1024

/** Moves an upload to a run. */
export async function takeUpload(upload: string, archive: string): Promise<NonNullable<Run['input']>> {
  await rename(upload, archive)
  const { size } = await stat(archive)
  return { bytes: size, kept: size <= mostKeptBytes }
}

/** Gives a run the archive of another, which keeps it. Throws `conflict` where that has none. */
export async function shareInput(other: Run, otherArchive: string, archive: string): Promise<NonNullable<Run['input']>> {
  const next = { next: 'Run its command line again, which hands them in.' }
  if (other.input === null) throw new MayflyError('conflict', `Run ${other.number} was given no files.`, { state: 'no files', allowed: ['files'] }, next)
  if (!other.input.kept) throw new MayflyError('conflict', `The files of run ${other.number} were too large to be kept.`, { state: 'not kept', allowed: ['kept'] }, next)
  try {
    await link(otherArchive, archive)
  } catch (cause) {
    throw new MayflyError('conflict', `The files of run ${other.number} are gone.`, { state: 'gone', allowed: ['kept'] }, { ...next, cause })
  }
  return other.input
}

/** To be called when no command will be given it any more. */
export async function settleInput(run: Run, archive: string): Promise<void> {
  if (run.input?.kept !== true) await rm(archive, { force: true })
}
