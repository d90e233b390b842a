/** Turns bytes that a guest wrote, and that may begin or end in the middle of a character, into text. */

/** Leaves out what is left of a character whose beginning was cut away: at most three continuation bytes. */
export function withoutCutCharacter(bytes: Buffer): Buffer {
  let start = 0
  while (start < 3 && start < bytes.length && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1
  return bytes.subarray(start)
}

/** Decodes a stream of bytes; what is not UTF-8 becomes U+FFFD, and a character may arrive in pieces. */
export class TextStream {
  #decoder = new TextDecoder()

  push(bytes: Uint8Array): string {
    return this.#decoder.decode(bytes, { stream: true })
  }

  /** What was kept back waiting for the rest of a character. The next push begins anew. */
  end(): string {
    const rest = this.#decoder.decode()
    this.#decoder = new TextDecoder()
    return rest
  }
}
