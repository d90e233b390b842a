/** The files of `--copy-in` as a tar archive: planned first, so that its length is known, then written while it is read. */
import { createReadStream } from 'node:fs'
import { lstat, readdir, readlink, stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { fsPath, shownPath, toBytePath } from '../../engine/archive/byte-paths.ts'
import type { TarSource } from '../../engine/archive/write-tar.ts'
import { usageError } from './failure.ts'
import { shown } from './safe-text.ts'

/** `SRC:DST`. */
export interface CopyIn {
  readonly from: string
  readonly to: string
}

/** Split at the last colon that an absolute path follows. Throws `invalid-input`. */
export function parseCopyIn(text: string): CopyIn {
  const at = text.lastIndexOf(':/')
  if (at < 1) throw usageError('--copy-in', `--copy-in takes SRC:DST with an absolute path in the guest, not ${shown(text)}.`, 'Such as --copy-in ./src:/src.')
  return { from: text.slice(0, at), to: text.slice(at + 1) }
}

/** All entries of the archive. A destination that ends in a slash takes the source by its own name. Throws `invalid-input` where a source is not there. */
export async function planArchive(copies: readonly CopyIn[], cwd: string): Promise<TarSource[]> {
  const sources: TarSource[] = []
  for (const { from, to } of copies) {
    const path = resolve(cwd, from)
    // What is named is meant, also through a link; links below it are links.
    await stat(path).catch(() => {
      throw usageError('--copy-in', `There is no file or folder ${shown(from)} to be copied.`)
    })
    const target = (to.endsWith('/') ? `${to}${basename(path)}` : to).replace(/^\/+/, '')
    for await (const source of walk(toBytePath(path), toBytePath(target), true)) sources.push(source)
  }
  return sources
}

async function* walk(from: string, to: string, follow: boolean): AsyncGenerator<TarSource, void, undefined> {
  const stats = await (follow ? stat : lstat)(fsPath(from))
  const entry = { path: to, mode: stats.mode & 0o777, modifiedSeconds: Math.floor(stats.mtimeMs / 1000), bytes: 0, target: '' }
  if (stats.isDirectory()) {
    // The guest's root is there, and its mode is its own.
    if (to !== '') yield { entry: { ...entry, kind: 'folder' } }
    for (const name of (await readdir(fsPath(from), { encoding: 'latin1' })).sort()) yield* walk(`${from}/${name}`, to === '' ? name : `${to}/${name}`, false)
  } else if (stats.isSymbolicLink()) {
    yield { entry: { ...entry, kind: 'link', target: await readlink(fsPath(from), { encoding: 'latin1' }) } }
  } else if (stats.isFile()) {
    yield { entry: { ...entry, kind: 'file', bytes: stats.size }, content: () => createReadStream(fsPath(from)) as AsyncIterable<Buffer> }
  } else {
    throw usageError('--copy-in', `${shown(shownPath(from))} is neither file nor folder and cannot be copied.`)
  }
}
