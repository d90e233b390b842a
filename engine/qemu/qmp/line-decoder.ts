/**
 * Cuts the bytes of a monitor into lines, because a stream knows no messages: one chunk may
 * hold several, and one message may come in many. A line that grows past the limit is an
 * error at once, so a peer that never ends its line cannot fill the memory.
 */

/** The peer sent something that is not QMP. The connection cannot be trusted any further. */
export class QmpGarbageError extends Error {
  override readonly name = 'QmpGarbageError'
}

const lineFeed = 0x0a
const carriageReturn = 0x0d

export class LineDecoder {
  readonly #maxLineBytes: number
  #parts: Uint8Array[] = []
  #heldBytes = 0

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes
  }

  /** Bytes of a line whose end has not come yet. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /**
   * The lines that `chunk` completes, without their ends (LF or CRLF) and without empty ones.
   * Bytes are decoded a whole line at a time, so a character split over chunks stays whole.
   *
   * @throws QmpGarbageError when a line is longer than the limit.
   */
  push(chunk: Uint8Array): string[] {
    const lines: string[] = []
    let start = 0
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      this.#hold(chunk.subarray(start, end))
      start = end + 1
      const line = this.#takeLine()
      if (line !== '') lines.push(line)
    }
    this.#hold(chunk.subarray(start))
    return lines
  }

  #hold(part: Uint8Array): void {
    if (part.length === 0) return
    this.#heldBytes += part.length
    if (this.#heldBytes > this.#maxLineBytes) throw new QmpGarbageError(`A line is longer than ${this.#maxLineBytes} bytes.`)
    this.#parts.push(part)
  }

  #takeLine(): string {
    const bytes = this.#parts.length === 1 && this.#parts[0] !== undefined ? Buffer.from(this.#parts[0]) : Buffer.concat(this.#parts)
    this.#parts = []
    this.#heldBytes = 0
    return bytes.toString('utf8', 0, bytes.at(-1) === carriageReturn ? bytes.length - 1 : bytes.length)
  }
}
