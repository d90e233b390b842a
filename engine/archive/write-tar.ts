/** Writes a tar archive as it is read. Its length is known beforehand: a file that shrinks meanwhile is filled up, one that grows is cut. */
import { encodeTarHeader, tarEnd, type TarEntry, tarPadding } from './tar-header.ts'

/** One entry to write, and where its content comes from. */
export interface TarSource {
  readonly entry: TarEntry & { readonly kind: 'file' | 'folder' | 'link' | 'hard-link' }
  readonly content?: () => AsyncIterable<Buffer>
}

/** How long the archive of these entries is. */
export function tarBytes(sources: Iterable<TarSource>): number {
  let bytes = tarEnd.length
  for (const { entry } of sources) bytes += encodeTarHeader(entry).length + entry.bytes + tarPadding(entry.bytes)
  return bytes
}

/** The archive. */
export async function* writeTar(sources: Iterable<TarSource> | AsyncIterable<TarSource>): AsyncGenerator<Buffer, void, undefined> {
  for await (const { entry, content } of sources) {
    yield encodeTarHeader(entry)
    let left = entry.bytes
    if (content !== undefined && left > 0) {
      for await (const chunk of content()) {
        const piece = chunk.subarray(0, left)
        left -= piece.length
        if (piece.length > 0) yield piece
        if (left === 0) break
      }
    }
    while (left > 0) {
      const zeroes = Buffer.alloc(Math.min(left, 64 * 1024))
      left -= zeroes.length
      yield zeroes
    }
    const padding = tarPadding(entry.bytes)
    if (padding > 0) yield Buffer.alloc(padding)
  }
  yield tarEnd
}
