/** Notices the line by which Mayfly's own images say that they are up: `MAYFLY READY <uptime>`. */

const longestLineBytes = 64
const pattern = /(?:^|[\r\n])MAYFLY READY (\d{1,9}(?:\.\d{1,9})?)[ \t]*(?=[\r\n])/

export class ReadyLineReader {
  #carry = '\n'

  /** The uptime in seconds that a line of this chunk tells; null where none does. */
  push(chunk: Buffer): number | null {
    const text = this.#carry + chunk.toString('latin1')
    const found = pattern.exec(text)
    this.#carry = text.slice(Math.max(found === null ? 0 : found.index + found[0].length, text.length - longestLineBytes))
    return found?.[1] === undefined ? null : Number(found[1])
  }
}
