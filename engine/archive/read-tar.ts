/**
 * Reads a tar archive as it comes, entry by entry. The archive may be hostile: nothing of it is kept
 * that is larger than a name may be, and its own numbers decide only how much is skipped.
 */
import { decodeTarHeader, MalformedTarError, tarBlockBytes, type TarEntry, tarPadding } from './tar-header.ts'

/** Longer names and records than any system has are refused. */
const longestExtensionBytes = 64 * 1024

/** What tar fills its archive up to, with its largest blocking factor in use. */
const longestRecordBytes = 1024 * 1024

/** Called for each entry in turn. Content that is not read to its end is skipped. */
export type TarVisitor = (entry: TarEntry, content: AsyncIterable<Buffer>) => Promise<void>

/** Resolves at the end of the archive, with how many entries there were. Throws `MalformedTarError`, and what `visit` throws. */
export async function readTar(source: AsyncIterable<Buffer>, visit: TarVisitor): Promise<number> {
  const bytes = new ByteSource(source)
  let entries = 0
  let said: { path?: string; target?: string; bytes?: number } = {}
  for (;;) {
    const block = await bytes.take(tarBlockBytes, true)
    const header = block === null ? null : decodeTarHeader(block)
    // What fills the last record after the end is read all the same: who sends it waits for that.
    if (header === null) {
      await bytes.drain(longestRecordBytes)
      return entries
    }
    if ('extension' in header) {
      const { kind, bytes: length } = header.extension
      if (length > longestExtensionBytes) throw new MalformedTarError('A name in the archive is longer than any name can be.')
      const content = (await bytes.take(length, false)) ?? Buffer.alloc(0)
      await bytes.skip(tarPadding(length))
      if (kind === 'long-path') said.path = untilNul(content)
      else if (kind === 'long-target') said.target = untilNul(content)
      else if (kind === 'pax') said = { ...said, ...paxRecords(content) }
      continue
    }
    const entry = { ...header.entry, ...said }
    said = {}
    entries++
    // Of links and folders tar writes no content, whatever a record says; of others none is wanted, but it is there.
    const length = entry.kind === 'file' || entry.kind === 'other' ? entry.bytes : 0
    const left = { bytes: length }
    await visit(entry, bytes.part(left))
    await bytes.skip(left.bytes + tarPadding(length))
  }
}

function untilNul(content: Buffer): string {
  const end = content.indexOf(0)
  return content.toString('latin1', 0, end === -1 ? content.length : end)
}

/** `LENGTH KEY=VALUE\n`, as POSIX has it. */
function paxRecords(content: Buffer): { path?: string; target?: string; bytes?: number } {
  const records: { path?: string; target?: string; bytes?: number } = {}
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at)
    const length = Number(content.toString('latin1', at, Math.max(space, at)))
    if (space === -1 || !Number.isInteger(length) || length <= space - at + 1 || at + length > content.length) throw new MalformedTarError('A pax record in the archive is malformed.')
    const record = content.toString('latin1', space + 1, at + length - 1)
    const equals = record.indexOf('=')
    const value = record.slice(equals + 1)
    switch (record.slice(0, equals)) {
      case 'path':
        records.path = value
        break
      case 'linkpath':
        records.target = value
        break
      case 'size':
        if (!/^[0-9]{1,15}$/.test(value)) throw new MalformedTarError('A size in the archive is none.')
        records.bytes = Number(value)
        break
      default:
    }
    at += length
  }
  return records
}

/** Bytes of a source, taken in the portions the reader wants. */
class ByteSource {
  readonly #source: AsyncIterator<Buffer>
  #held: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** Exactly so many bytes, which must be few. Null where the source has ended and that is allowed. */
  async take(count: number, mayEnd: boolean): Promise<Buffer | null> {
    const pieces: Buffer[] = []
    let missing = count
    while (missing > 0) {
      const piece = await this.#some(missing)
      if (piece === null) {
        if (mayEnd && missing === count) return null
        throw new MalformedTarError('The archive ends in the middle.')
      }
      pieces.push(piece)
      missing -= piece.length
    }
    return pieces.length === 1 ? (pieces[0] ?? null) : Buffer.concat(pieces)
  }

  /** The next `left.bytes` bytes, which it counts down. */
  async *part(left: { bytes: number }): AsyncGenerator<Buffer, void, undefined> {
    while (left.bytes > 0) {
      const piece = await this.#some(left.bytes)
      if (piece === null) throw new MalformedTarError('The archive ends in the middle.')
      left.bytes -= piece.length
      yield piece
    }
  }

  async skip(count: number): Promise<void> {
    for await (const _ of this.part({ bytes: count }));
  }

  async drain(most: number): Promise<void> {
    for (let bytes = 0; bytes <= most; ) {
      const piece = await this.#some(most)
      if (piece === null) return
      bytes += piece.length
    }
    throw new MalformedTarError('The archive goes on after its end.')
  }

  async #some(most: number): Promise<Buffer | null> {
    while (this.#held.length === 0) {
      const next = await this.#source.next()
      if (next.done === true) return null
      this.#held = next.value
    }
    const piece = this.#held.subarray(0, most)
    this.#held = this.#held.subarray(piece.length)
    return piece
  }
}
