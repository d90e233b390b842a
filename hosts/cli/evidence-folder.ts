/** The folder of `--evidence`: looked at before the run begins, filled after it has ended. */
import { mkdir, readdir } from 'node:fs/promises'
import { resolve } from 'node:path'
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

/** Throws `invalid-input` where the folder has anything in it: evidence of two runs in one place is none. */
export async function checkEvidenceFolder(folder: string, cwd: string): Promise<void> {
  if (folder.includes(number)) return
  const found = await readdir(resolve(cwd, folder)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw usageError('--evidence', `${shown(folder)} cannot be used for evidence: ${error.code === 'ENOTDIR' ? 'it is no folder' : error.message}.`)
  })
  if (found.length > 0) throw usageError('--evidence', `${shown(folder)} has files in it already; nothing was begun.`, `Name another folder, or --evidence ${folder}/${number}: ${number} becomes the number of the run.`)
}

/** Fetches the evidence of an ended run. Answers with the folder. */
export async function fetchEvidence(connection: EngineConnection, run: Run, folder: string, cwd: string): Promise<string> {
  const path = resolve(cwd, folder.replaceAll(number, String(run.number)))
  try {
    await mkdir(path, { recursive: true })
    const { ticket } = await connection.client.run.evidence({ run: run.id })
    const stream = await connection.openStream(ticket)
    try {
      await unpackTar(stream as AsyncIterable<Buffer>, path, limits, modes)
    } finally {
      stream.destroy()
    }
  } catch (cause) {
    if (cause instanceof MayflyError) throw cause
    throw new MayflyError('no-space', `The evidence of run ${run.number} could not be written to ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { path, needed: null, free: null }, { cause, next: 'The engine still has it: the Runs page of the window saves it.' })
  }
  return path
}
