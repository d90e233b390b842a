/**
 * The files that were copied out of a cell's guest, as a list and one by one. A guest made them: names
 * are bytes, links are told and never followed, and only what is a file is opened.
 */
import { constants } from 'node:fs'
import { lstat, open, readdir } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { MayflyError } from '../../contract/errors.ts'
import type { CopiedFile } from '../../contract/run.ts'
import { fsPath, shownPath, toBytePath } from '../archive/byte-paths.ts'

export interface CopiedFiles {
  readonly files: CopiedFile[]
  readonly count: number
  readonly bytes: number
}

/** Files and links below `folder` in the order of their names; at most `limit`, and what there is in all. None where there is no such folder. */
export async function listCopiedFiles(folder: string, limit: number): Promise<CopiedFiles> {
  const files: CopiedFile[] = []
  let [count, bytes] = [0, 0]
  for await (const { path, kind, size } of walk(toBytePath(folder), '')) {
    if (count < limit) files.push({ index: count, path: shownPath(path), kind, bytes: size })
    count++
    bytes += size
  }
  return { files, count, bytes }
}

/** The file that stands for `index` in the list. Throws `not-found`, also for a link. */
export async function openCopiedFile(folder: string, index: number): Promise<{ readonly path: string; readonly bytes: number; readonly content: Readable }> {
  const root = toBytePath(folder)
  let at = 0
  for await (const { path, kind, size } of walk(root, '')) {
    if (at++ !== index) continue
    if (kind !== 'file') break
    return { path: shownPath(path), bytes: size, content: Readable.from(contentOf(`${root}/${path}`), { objectMode: false }) }
  }
  throw new MayflyError('not-found', 'There is no such file among those that were copied out.', { kind: 'file', ref: String(index) }, { next: 'List them again.' })
}

/** Opened when it is read: nobody may come for it. */
async function* contentOf(path: string): AsyncGenerator<Buffer, void, undefined> {
  const file = await open(fsPath(path), constants.O_RDONLY | constants.O_NOFOLLOW)
  yield* file.createReadStream() as AsyncIterable<Buffer>
}

interface Found {
  /** Below the folder; bytes. */
  readonly path: string
  readonly kind: CopiedFile['kind']
  readonly size: number
}

async function* walk(root: string, below: string): AsyncGenerator<Found, void, undefined> {
  const names = await readdir(fsPath(below === '' ? root : `${root}/${below}`), { encoding: 'latin1' }).catch((): string[] => [])
  for (const name of names.sort()) {
    const path = below === '' ? name : `${below}/${name}`
    const stats = await lstat(fsPath(`${root}/${path}`)).catch(() => null)
    if (stats?.isDirectory() === true) yield* walk(root, path)
    else if (stats?.isFile() === true) yield { path, kind: 'file', size: stats.size }
    else if (stats?.isSymbolicLink() === true) yield { path, kind: 'link', size: 0 }
  }
}
