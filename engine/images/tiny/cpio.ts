/**
 * Writes the cpio archive ("newc") that Linux unpacks as its first file system, as described in
 * the kernel's Documentation/driver-api/early-userspace/buffer-format.rst. The same entries
 * always give the same bytes: sorted, root-owned, without times. Device nodes need no root.
 */
import { Buffer } from 'node:buffer'

export type CpioEntry =
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly data: Buffer }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'device'; readonly path: string; readonly mode: number; readonly major: number; readonly minor: number }

const directoryMode = 0o40755
const fileMode = 0o100000
const linkMode = 0o120777
const characterDeviceMode = 0o20000
const alignment = 4

/** `directories` are made besides those that the entries lie in. Paths have no leading slash. */
export function encodeCpio(entries: readonly CpioEntry[], directories: readonly string[] = []): Buffer {
  // The root itself as well: without its own entry everybody may write there.
  const folders = new Set(['.'])
  for (const path of [...directories.map((folder) => `${folder}/`), ...entries.map((entry) => entry.path)]) {
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) folders.add(path.slice(0, at))
  }
  const parts: Buffer[] = []
  let inode = 1
  for (const folder of [...folders].sort()) parts.push(record({ inode: inode++, path: folder, mode: directoryMode }))
  for (const entry of [...entries].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    switch (entry.kind) {
      case 'file':
        parts.push(record({ inode: inode++, path: entry.path, mode: fileMode | entry.mode, data: entry.data }))
        break
      case 'link':
        parts.push(record({ inode: inode++, path: entry.path, mode: linkMode, data: Buffer.from(entry.target) }))
        break
      case 'device':
        parts.push(record({ inode: inode++, path: entry.path, mode: characterDeviceMode | entry.mode, device: [entry.major, entry.minor] }))
        break
    }
  }
  parts.push(record({ inode: 0, path: 'TRAILER!!!', mode: 0 }))
  return Buffer.concat(parts)
}

interface CpioRecord {
  readonly inode: number
  readonly path: string
  readonly mode: number
  readonly data?: Buffer
  readonly device?: readonly [number, number]
}

function record({ inode, path, mode, data = Buffer.alloc(0), device = [0, 0] }: CpioRecord): Buffer {
  const name = Buffer.from(`${path}\0`)
  const links = (mode & 0o170000) === 0o40000 ? 2 : 1
  const fields = [inode, mode, 0, 0, links, 0, data.length, 0, 0, device[0], device[1], name.length, 0]
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`)
  return Buffer.concat([padded(Buffer.concat([header, name])), padded(data)])
}

function padded(bytes: Buffer): Buffer {
  const rest = bytes.length % alignment
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(alignment - rest)])
}
