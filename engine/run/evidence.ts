/**
 * All evidence of a run as one tar archive: run.json, junit.xml, and for each cell what its command
 * wrote, how it ended, its serial log, its last screen and the files copied out of it. A run of
 * one command has these at the top; of several each has a folder.
 */
import { createReadStream } from 'node:fs'
import { lstat, readdir, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { Readable } from 'node:stream'
import type { Run, RunCell } from '../../contract/run.ts'
import { fsPath, toBytePath } from '../archive/byte-paths.ts'
import { type TarSource, writeTar } from '../archive/write-tar.ts'
import { runCellNames, type RunFolderNames } from '../storage/names.ts'
import { CellOutput, type OutputKind } from './cell-output.ts'
import { junitXml } from './junit.ts'
import { cellTitle } from './plan-run.ts'

/** Of each output in junit.xml; all of it is in files beside. */
const mostJunitBytes = 256 * 1024

/** The archive of an ended run, made while it is read. */
export function evidenceArchive(run: Run, names: RunFolderNames): Readable {
  return Readable.from(writeTar(sourcesOf(run, names)), { objectMode: false, highWaterMark: 256 * 1024 })
}

async function* sourcesOf(run: Run, names: RunFolderNames): AsyncGenerator<TarSource, void, undefined> {
  const modifiedSeconds = Date.parse(run.endedAt ?? run.startedAt) / 1000
  const file = (path: string, content: string): TarSource => {
    const bytes = Buffer.from(content)
    return { entry: { kind: 'file', path: toBytePath(path), mode: 0o644, bytes: bytes.length, modifiedSeconds, target: '' }, content: () => Readable.from([bytes]) }
  }
  yield file('run.json', `${JSON.stringify(run, null, 2)}\n`)
  const heads = new Map<number, { stdout: string; stderr: string }>()
  for (const cell of run.cells) {
    const cellNames = runCellNames(names, cell.index)
    const output = new CellOutput(cellNames.output, { isEnded: true })
    heads.set(cell.index, { stdout: await head(output, 'stdout'), stderr: await head(output, 'stderr') })
    const prefix = run.cells.length === 1 ? '' : `${cellFolder(run, cell)}/`
    for (const kind of ['stdout', 'stderr'] as const) {
      yield { entry: { kind: 'file', path: toBytePath(`${prefix}${kind}`), mode: 0o644, bytes: await bytesOf(output, kind), modifiedSeconds, target: '' }, content: () => contentOf(output, kind) }
    }
    yield file(`${prefix}exit-status`, `${cell.exitStatus ?? cell.signal ?? cell.state}\n`)
    yield file(`${prefix}duration`, `${((cell.durationMs ?? 0) / 1000).toFixed(3)}\n`)
    yield file(`${prefix}result.json`, `${JSON.stringify(cell, null, 2)}\n`)
    yield* below(toBytePath(cellNames.serialLog), toBytePath(`${prefix}serial.log`))
    yield* below(toBytePath(cellNames.screen), toBytePath(`${prefix}screen.png`))
    yield* below(toBytePath(cellNames.files), toBytePath(`${prefix}files`))
  }
  yield file('junit.xml', junitXml(run, hostname(), (index) => heads.get(index) ?? { stdout: '', stderr: '' }))
}

/** `03-postgres=16`: in order, and telling. */
export function cellFolder(run: Run, cell: RunCell): string {
  const number = String(cell.index + 1).padStart(String(run.cells.length).length, '0')
  const title = cellTitle(cell, run.cells.length, run.count).replace(/[^\w=.,+-]+/g, '_').slice(0, 100)
  return title === '' ? number : `${number}-${title}`
}

async function head(output: CellOutput, kind: OutputKind): Promise<string> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of contentOf(output, kind)) {
    pieces.push(piece.subarray(0, mostJunitBytes - bytes))
    bytes += piece.length
    if (bytes > mostJunitBytes) return `${Buffer.concat(pieces).toString('utf8')}\n(The rest is in the file ${kind}.)\n`
  }
  return Buffer.concat(pieces).toString('utf8')
}

async function bytesOf(output: CellOutput, kind: OutputKind): Promise<number> {
  let bytes = 0
  for await (const piece of contentOf(output, kind)) bytes += piece.length
  return bytes
}

async function* contentOf(output: CellOutput, kind: OutputKind): AsyncGenerator<Buffer, void, undefined> {
  for await (const frame of output.frames()) if (frame.kind === kind) yield Buffer.from(frame.payload.buffer, frame.payload.byteOffset, frame.payload.byteLength)
}

/** A file or a folder with all below it; nothing where it is not there. Paths are bytes. */
async function* below(from: string, to: string): AsyncGenerator<TarSource, void, undefined> {
  const stats = await lstat(fsPath(from)).catch(() => null)
  if (stats === null) return
  const entry = { path: to, mode: stats.mode & 0o755, modifiedSeconds: Math.floor(stats.mtimeMs / 1000), target: '', bytes: 0 }
  if (stats.isDirectory()) {
    yield { entry: { ...entry, kind: 'folder' } }
    for (const name of (await readdir(fsPath(from), { encoding: 'latin1' })).sort()) yield* below(`${from}/${name}`, `${to}/${name}`)
  } else if (stats.isSymbolicLink()) {
    yield { entry: { ...entry, kind: 'link', target: await readlink(fsPath(from), { encoding: 'latin1' }) } }
  } else if (stats.isFile()) {
    // Kept for its owner alone; in the owner's own folder it is an ordinary file.
    yield { entry: { ...entry, kind: 'file', mode: entry.mode | 0o044, bytes: stats.size }, content: () => createReadStream(fsPath(from)) as AsyncIterable<Buffer> }
  }
}
