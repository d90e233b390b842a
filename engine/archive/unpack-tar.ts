/**
 * Unpacks an archive that may be hostile into a folder of ours. Nothing is ever written outside it:
 * names cannot climb, nothing is written through a link because links come last, and a link may
 * only name what lies in the folder. Devices and the like are left out, modes lose all but who may
 * run it, and there are bounds to bytes and entries.
 */
import { constants } from 'node:fs'
import { link, mkdir, open, rm, symlink } from 'node:fs/promises'
import { fsPath, shownPath, toBytePath } from './byte-paths.ts'
import { readTar } from './read-tar.ts'
import { MalformedTarError, type TarEntry } from './tar-header.ts'

export interface UnpackLimits {
  readonly mostBytes: number
  readonly mostEntries: number
}

export interface UnpackReport {
  readonly files: number
  readonly bytes: number
  /** What was left out, one sentence each; of many only the first. */
  readonly leftOut: readonly string[]
  readonly leftOutCount: number
}

const mostNoted = 20
const mostComponentBytes = 255
const mostPathBytes = 2048
const mostDepth = 128

/** `folder` must be a real folder that nobody else writes to, and so far be empty. Throws `MalformedTarError` and what the file system throws; what was unpacked before stays. */
export async function unpackTar(source: AsyncIterable<Buffer>, folder: string, limits: UnpackLimits, modes: { readonly file: number; readonly program: number; readonly folder: number }): Promise<UnpackReport> {
  const root = toBytePath(folder)
  const known = new Map<string, 'file' | 'folder'>([['', 'folder']])
  const links: { path: string; target: string }[] = []
  const leftOut: string[] = []
  let [files, bytes, leftOutCount, entries] = [0, 0, 0, 0]
  const leave = (path: string, why: string): void => {
    leftOutCount++
    if (leftOut.length < mostNoted) leftOut.push(`${shownPath(path)} was left out: ${why}.`)
  }
  const place = (path: string): Buffer => fsPath(`${root}/${path}`)

  /** Makes the folders above; false where one of them is a file. */
  const makeParents = async (parts: readonly string[]): Promise<boolean> => {
    for (let depth = 1; depth <= parts.length; depth++) {
      const path = parts.slice(0, depth).join('/')
      const kind = known.get(path)
      if (kind === 'file') return false
      if (kind === 'folder') continue
      await mkdir(place(path), { mode: modes.folder })
      known.set(path, 'folder')
    }
    return true
  }

  const takeFile = async (entry: TarEntry, path: string, content: AsyncIterable<Buffer>): Promise<void> => {
    if (bytes + entry.bytes > limits.mostBytes) return leave(path, 'there is more than can be kept')
    if (known.get(path) === 'file') await rm(place(path))
    const isProgram = (entry.mode & 0o100) !== 0
    const file = await open(place(path), constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, isProgram ? modes.program : modes.file)
    known.set(path, 'file')
    files++
    try {
      for await (const piece of content) {
        bytes += piece.length
        await file.writeFile(piece)
      }
    } finally {
      await file.close()
    }
  }

  await readTar(source, async (entry, content) => {
    entries++
    if (entries > limits.mostEntries) return leave(entry.path, 'there are more files than can be kept')
    const parts = partsOf(entry.path)
    if (typeof parts === 'string') return leave(entry.path, parts)
    const path = parts.join('/')
    if (path === '') return
    if (!(await makeParents(parts.slice(0, -1)))) return leave(entry.path, 'a file is where its folder would be')
    const there = known.get(path)
    switch (entry.kind) {
      case 'folder':
        if (there === 'file') leave(entry.path, 'a file is there already')
        else await makeParents(parts)
        return
      case 'file':
        if (there === 'folder') leave(entry.path, 'a folder is there already')
        else await takeFile(entry, path, content)
        return
      case 'hard-link': {
        const target = partsOf(entry.target)
        const name = typeof target === 'string' ? '' : target.join('/')
        if (there !== undefined || known.get(name) !== 'file') return leave(entry.path, 'it is another name of a file that is not there')
        await link(place(name), place(path))
        known.set(path, 'file')
        files++
        return
      }
      case 'link':
        links.push({ path, target: entry.target })
        if (links.length > limits.mostEntries) throw new MalformedTarError('The archive has too many links.')
        return
      case 'other':
        leave(entry.path, 'it is neither file nor folder')
    }
  })
  for (const { path, target } of links) {
    if (known.has(path)) leave(path, 'something of its name is there already')
    else if (!staysInside(path, target)) leave(path, `it is a link to ${shownPath(target)}, which is not part of what was copied`)
    else {
      await symlink(fsPath(target), place(path))
      known.set(path, 'file')
    }
  }
  return { files, bytes, leftOut, leftOutCount }
}

/** The names of a path below the folder, or why it cannot be there. */
function partsOf(path: string): string[] | string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) return 'its name climbs out of its folder'
  if (parts.some((part) => part.length > mostComponentBytes || part.includes('\0')) || path.length > mostPathBytes || parts.length > mostDepth) return 'its name is too long'
  return parts
}

/**
 * A link's target must be relative and climb, if at all, first: then every step down is either a
 * real folder or another such link, and none leads out.
 */
function staysInside(path: string, target: string): boolean {
  if (target === '' || target.startsWith('/') || target.length > mostPathBytes || target.includes('\0')) return false
  const parts = target.split('/').filter((part) => part !== '' && part !== '.')
  const climbs = parts.findIndex((part) => part !== '..')
  const up = climbs === -1 ? parts.length : climbs
  return !parts.slice(up).includes('..') && up <= path.split('/').length - 1
}
