/** A readable stream as a byte stream of the stream desk, whose other direction goes nowhere. */
import { Duplex, type Readable } from 'node:stream'

/** `source` is destroyed with the answer. */
export function readableSide(source: Readable): Duplex {
  const side = Duplex.from(source)
  side.on('error', () => undefined)
  return side
}
