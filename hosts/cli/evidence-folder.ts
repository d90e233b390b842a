/** The folder of `--evidence`, or of `evidence save`: looked at before anything begins, filled after the run has ended. */
import { access, constants, mkdir, readdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { MayflyError } from '../../contract/errors.ts'
import type { Run } from '../../contract/run.ts'
import { unpackTar } from '../../engine/archive/unpack-tar.ts'
import type { EngineConnection } from '../../engine/engine-face.ts'
import { usageError } from './failure.ts'
import { shown } from './safe-text.ts'

const number = '{n}'
/** The engine has bounds of its own for each cell; these only stop what is no evidence. */
const limits = { mostBytes: 1024 ** 5, mostEntries: 100_000_000 }
const modes = { file: 0o666, program: 0o777, folder: 0o777 }

/** Throws `invalid-input` where it cannot be made, or has anything in it: evidence of two runs in one place is none. */
export async function checkEvidenceFolder(folder: string, cwd: string, place: '--evidence' | 'DIR' = '--evidence'): Promise<void> {
  if (folder === '') throw usageError(place, `${place} needs the name of a folder.`)
  await checkWritable(resolve(cwd, folder), folder, place)
  if (folder.includes(number)) return
  const found = await readdir(resolve(cwd, folder)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw usageError(place, `${shown(folder)} cannot be used for evidence: ${error.code === 'ENOTDIR' ? 'it is no folder' : error.message}.`)
  })
  if (found.length > 0) throw usageError(place, `${shown(folder)} has files in it already; nothing was begun.`, `Name another folder, or ${place === 'DIR' ? '' : '--evidence '}${folder}/${number}: ${number} becomes the number of the run.`)
}

/** Looks at the nearest folder that is there: a run of an hour must not end in a folder that cannot be made. */
async function checkWritable(path: string, folder: string, place: string): Promise<void> {
  for (let nearest = path; ; nearest = dirname(nearest)) {
    try {
      await access(nearest, constants.W_OK | constants.X_OK)
      return
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' && dirname(nearest) !== nearest) continue
      const why = code === 'ENOTDIR' ? 'it is no folder' : code === 'EACCES' || code === 'EROFS' || code === 'EPERM' ? `${nearest} is not yours to write to` : code === 'ENAMETOOLONG' ? 'its name is too long' : (error as Error).message
      throw usageError(place, `${shown(folder)} cannot be used for evidence: ${why}.`, 'Nothing was begun.')
    }
  }
}

/** As `mkdir -p`. Node's own goes round for ever where a file system such as /proc says that a folder's parent is not there (seen with Node 20.20, nodejs/node#31481). */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    const parent = dirname(path)
    if (code !== 'ENOENT' || parent === path || (await access(parent).then(() => true, () => false))) throw error
    await makeFolder(parent)
    await mkdir(path)
  }
}

/** Fetches the evidence of an ended run. Answers with the folder. */
export async function fetchEvidence(connection: EngineConnection, run: Run, folder: string, cwd: string): Promise<string> {
  const path = resolve(cwd, folder.replaceAll(number, String(run.number)))
  try {
    await makeFolder(path)
    const { ticket } = await connection.client.run.evidence({ run: run.id })
    const stream = await connection.openStream(ticket)
    try {
      await unpackTar(stream as AsyncIterable<Buffer>, path, limits, modes)
    } finally {
      stream.destroy()
    }
  } catch (cause) {
    if (cause instanceof MayflyError) throw cause
    throw new MayflyError('no-space', `The evidence of run ${run.number} could not be written to ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { path, needed: null, free: null }, { cause, next: `The engine still has it: mayfly evidence save ${run.number} DIR` })
  }
  return path
}
