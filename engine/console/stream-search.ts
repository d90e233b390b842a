/** Finds text in a stream of bytes, also where it lies across the border of two chunks. */

export class StreamSearch {
  readonly #needle: Buffer
  #carry: Buffer = Buffer.alloc(0)

  constructor(text: string) {
    this.#needle = Buffer.from(text)
  }

  /** Whether the text has been seen by now, this chunk included. */
  push(chunk: Buffer): boolean {
    const bytes = this.#carry.length === 0 ? chunk : Buffer.concat([this.#carry, chunk])
    if (bytes.includes(this.#needle)) return true
    this.#carry = Buffer.from(bytes.subarray(Math.max(0, bytes.length - this.#needle.length + 1)))
    return false
  }
}
