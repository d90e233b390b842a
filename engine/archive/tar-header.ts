/**
 * Tar headers: ustar with GNU's long names, which every tar reads, busybox' too; what others write
 * (pax, base-256 numbers) is understood besides. Names are bytes and are carried one character a byte
 * (latin1), so that a name that is no UTF-8 passes unchanged. https://www.gnu.org/software/tar/manual/html_node/Standard.html
 */

export const tarBlockBytes = 512

export type TarKind = 'file' | 'folder' | 'link' | 'hard-link' | 'other'

export interface TarEntry {
  readonly kind: TarKind
  /** One character a byte. */
  readonly path: string
  /** Permission bits. */
  readonly mode: number
  /** Bytes of content; 0 unless a file. */
  readonly bytes: number
  readonly modifiedSeconds: number
  /** Of links: what it names, one character a byte. */
  readonly target: string
}

/** An archive that no tar would write. */
export class MalformedTarError extends Error {
  override readonly name = 'MalformedTarError'
}

const fields = { path: [0, 100], mode: [100, 8], owner: [108, 8], group: [116, 8], bytes: [124, 12], modified: [136, 12], checksum: [148, 8], kind: [156, 1], target: [157, 100], magic: [257, 8], prefix: [345, 155] } as const
type FieldName = keyof typeof fields

const kindByFlag: Readonly<Record<string, TarKind>> = { '0': 'file', '\0': 'file', '7': 'file', '5': 'folder', '2': 'link', '1': 'hard-link' }
const flagByKind: Readonly<Record<Exclude<TarKind, 'other'>, string>> = { file: '0', folder: '5', link: '2', 'hard-link': '1' }

/** What is said about an entry before its own header: a long name or target, or pax records. */
export type TarExtension = { readonly kind: 'long-path' | 'long-target' | 'pax' | 'ignored'; readonly bytes: number }

/** The header in a block; null for a block of zeroes, which ends an archive. Throws `MalformedTarError`. */
export function decodeTarHeader(block: Buffer): { readonly entry: TarEntry } | { readonly extension: TarExtension } | null {
  if (block.every((byte) => byte === 0)) return null
  if (number(block, 'checksum') !== checksumOf(block)) throw new MalformedTarError('The checksum of a tar header is wrong.')
  const flag = text(block, 'kind') || '\0'
  const bytes = number(block, 'bytes')
  switch (flag) {
    case 'L': return { extension: { kind: 'long-path', bytes } }
    case 'K': return { extension: { kind: 'long-target', bytes } }
    case 'x': return { extension: { kind: 'pax', bytes } }
    case 'g': return { extension: { kind: 'ignored', bytes } }
    case 'S': throw new MalformedTarError('GNU sparse files are not understood.')
    default:
  }
  const isUstar = text(block, 'magic').startsWith('ustar') && block[fields.magic[0] + 5] === 0
  const prefix = isUstar ? text(block, 'prefix') : ''
  const path = prefix === '' ? text(block, 'path') : `${prefix}/${text(block, 'path')}`
  const kind = kindByFlag[flag] ?? 'other'
  // Old archives have folders as files whose names end so.
  const isFolder = kind === 'file' && path.endsWith('/') && bytes === 0
  return { entry: { kind: isFolder ? 'folder' : kind, path, mode: number(block, 'mode') & 0o7777, bytes: kind === 'link' || kind === 'folder' ? 0 : bytes, modifiedSeconds: number(block, 'modified'), target: text(block, 'target') } }
}

/** An entry's header with what its length needs before it. */
export function encodeTarHeader(entry: TarEntry & { readonly kind: Exclude<TarKind, 'other'> }): Buffer {
  const path = entry.kind === 'folder' && !entry.path.endsWith('/') ? `${entry.path}/` : entry.path
  return Buffer.concat([
    ...(path.length > fields.path[1] ? longText('L', path) : []),
    ...(entry.target.length > fields.target[1] ? longText('K', entry.target) : []),
    headerBlock({ ...entry, path, flag: flagByKind[entry.kind] }),
  ])
}

/** What follows content of so many bytes to fill its last block. */
export function tarPadding(bytes: number): number {
  return (tarBlockBytes - (bytes % tarBlockBytes)) % tarBlockBytes
}

/** Ends an archive. */
export const tarEnd = Buffer.alloc(2 * tarBlockBytes)

function longText(flag: 'L' | 'K', value: string): Buffer[] {
  const content = Buffer.from(`${value}\0`, 'latin1')
  const header = headerBlock({ path: '././@LongLink', mode: 0o644, bytes: content.length, modifiedSeconds: 0, target: '', flag })
  return [header, content, Buffer.alloc(tarPadding(content.length))]
}

function headerBlock({ path, mode, bytes, modifiedSeconds, target, flag }: Omit<TarEntry, 'kind'> & { readonly flag: string }): Buffer {
  const block = Buffer.alloc(tarBlockBytes)
  const put = (name: FieldName, value: string): void => {
    const [at, length] = fields[name]
    block.write(value, at, length, 'latin1')
  }
  const octal = (name: FieldName, value: number): void => put(name, value.toString(8).padStart(fields[name][1] - 1, '0'))
  put('path', path)
  octal('mode', mode & 0o7777)
  octal('owner', 0)
  octal('group', 0)
  if (bytes < 8 ** 11) octal('bytes', bytes)
  else putBase256(block, bytes)
  octal('modified', Math.max(0, Math.min(Math.floor(modifiedSeconds), 8 ** 11 - 1)))
  put('kind', flag)
  put('target', target)
  put('magic', 'ustar  ')
  put('checksum', `${checksumOf(block).toString(8).padStart(6, '0')}\0 `)
  return block
}

function putBase256(block: Buffer, value: number): void {
  const [at, length] = fields.bytes
  block.writeBigUInt64BE(BigInt(value), at + length - 8)
  block[at] = 0x80
}

function text(block: Buffer, name: FieldName): string {
  const [at, length] = fields[name]
  const whole = block.toString('latin1', at, at + length)
  const end = whole.indexOf('\0')
  return end === -1 ? whole : whole.slice(0, end)
}

function number(block: Buffer, name: FieldName): number {
  const [at, length] = fields[name]
  const first = block[at] ?? 0
  if ((first & 0x80) !== 0) {
    // A negative one is a time before 1970.
    if (first === 0xff) return 0
    const value = block.readBigUInt64BE(at + length - 8)
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new MalformedTarError('A number in a tar header is too large.')
    return Number(value)
  }
  const digits = text(block, name).trim()
  if (digits === '') return 0
  if (!/^[0-7]+$/.test(digits)) throw new MalformedTarError('A number in a tar header is none.')
  return Number.parseInt(digits, 8)
}

function checksumOf(block: Buffer): number {
  const [at, length] = fields.checksum
  let sum = length * 0x20
  for (const [index, byte] of block.entries()) if (index < at || index >= at + length) sum += byte
  return sum
}
