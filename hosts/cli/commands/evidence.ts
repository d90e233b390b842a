/**
 * What a run of earlier left: `mayfly evidence list`, `file` and `save`. A run is named by its number, as
 * `mayfly runs` shows it, or by its id.
 */
import { createWriteStream } from 'node:fs'
import { resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { MayflyError } from '../../../contract/errors.ts'
import type { CopiedFile, Run } from '../../../contract/run.ts'
import type { EngineClient } from '../../../engine/engine-face.ts'
import type { Call } from '../command-line.ts'
import { checkEvidenceFolder, fetchEvidence } from '../evidence-folder.ts'
import { usageError } from '../failure.ts'
import { type CommandContext, type Io, printJson, stdoutStyle, tell } from '../io.ts'
import { safeLine, shown } from '../safe-text.ts'
import { runFileTable } from '../views/run-view.ts'

/** As many runs as the engine keeps, and more. */
const mostRuns = 500
/** As many files as the engine lists at once. */
const mostFiles = 10_000

/** What `evidence save` cannot do, said before anything is called. */
export async function checkEvidenceCall({ options }: Call, io: Io): Promise<void> {
  await checkEvidenceFolder(String(options['dir']), io.cwd, 'DIR')
}

export async function runEvidenceCommand({ call, io, connection }: CommandContext): Promise<number> {
  const run = await findRun(connection.client, String(call.options['run']))
  const path = await fetchEvidence(connection, run, String(call.options['dir']), io.cwd)
  if (call.globals.json) printJson(io, { run: run.id, path })
  else if (!call.globals.quiet) tell(io, `The evidence of run ${run.number} is in ${path}.`)
  return 0
}

export async function runFilesCommand(context: CommandContext): Promise<number> {
  const { call, io, connection: { client } } = context
  const run = await findRun(client, String(call.options['run']))
  const cells = await Promise.all(run.cells.map(async (cell) => ({ cell, files: await filesOf(client, run, cell.index) })))
  if (call.globals.json) printJson(io, cells.flatMap(({ cell, files }) => files.map((file) => ({ cell: cell.index, ...file }))))
  else io.stdout.write(runFileTable(run, cells, stdoutStyle(context)))
  return 0
}

export async function runFileCommand({ call, io, connection }: CommandContext): Promise<number> {
  const { client } = connection
  const run = await findRun(client, String(call.options['run']))
  const wanted = String(call.options['path']).replace(/^\/+/, '')
  const cell = Number(call.options['cell'] ?? 1) - 1
  if (run.cells[cell] === undefined) throw usageError('--cell', `Run ${run.number} has ${run.cells.length === 1 ? 'one cell' : `${run.cells.length} cells`}.`)
  const file = (await filesOf(client, run, cell)).find(({ path, kind }) => path === wanted && kind === 'file')
  if (file === undefined) throw new MayflyError('not-found', `Run ${run.number} has copied out no file ${shown(wanted)}.`, { kind: 'file', ref: wanted }, { next: `mayfly evidence list ${run.number} shows them.` })
  const { ticket } = await client.run.file({ run: run.id, cell, file: file.index })
  const stream = await connection.openStream(ticket)
  const to = call.options['file']
  if (typeof to !== 'string' || to === '-') {
    await pipeline(stream, io.stdout, { end: false })
    return 0
  }
  const path = resolve(io.cwd, to)
  try {
    await pipeline(stream, createWriteStream(path, { flags: call.options['force'] === true ? 'w' : 'wx' }))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') throw new MayflyError('conflict', `${path} is already there, and was kept.`, { state: 'exists', allowed: ['absent'] }, { next: 'Choose another name, or give --force.' })
    throw error instanceof Error && 'syscall' in error ? usageError('FILE', `${shown(path)} cannot be written: ${error.message}`) : error
  } finally {
    stream.destroy()
  }
  if (!call.globals.quiet) tell(io, `${safeLine(path)}: ${file.bytes} bytes.`)
  return 0
}

async function filesOf(client: EngineClient, run: Run, cell: number): Promise<readonly CopiedFile[]> {
  return (await client.run.files({ run: run.id, cell, limit: mostFiles })).files
}

async function findRun(client: EngineClient, ref: string): Promise<Run> {
  const runs = await client.run.list({ limit: mostRuns })
  const found = runs.find((run) => String(run.number) === ref) ?? runs.find((run) => run.id === ref)
  if (found === undefined) throw new MayflyError('not-found', `There is no run ${shown(ref)}.`, { kind: 'run', ref }, { next: 'mayfly runs lists those that are kept.' })
  return found
}
