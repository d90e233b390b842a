/**
 * Cuts what a guest agent sends into lines, within bounds: the guest is not trusted, and what
 * comes first on a connection may be answers to somebody else's questions.
 */

const resyncByte = 0xff
const newline = 0x0a

export type AgentInput = { readonly kind: 'line'; readonly text: string } | { readonly kind: 'oversized' }

export class AgentReader {
  #isDiscarding = true
  #parts: Buffer[] = []
  #size = 0
  /** The longest line that is taken. */
  mostBytes = 1024 * 1024

  /** Drops everything until the next 0xFF, which precedes an answer to `guest-sync-delimited`. */
  discard(): void {
    this.#isDiscarding = true
    this.#forget()
  }

  /** The lines that `chunk` completes. To be taken one at a time: `discard` in between drops what is left. */
  *push(chunk: Buffer): Generator<AgentInput, void, undefined> {
    let rest = chunk
    while (rest.length > 0) {
      if (this.#isDiscarding) {
        const at = rest.indexOf(resyncByte)
        if (at === -1) return
        this.#isDiscarding = false
        rest = rest.subarray(at + 1)
        continue
      }
      const end = rest.indexOf(newline)
      const restart = rest.indexOf(resyncByte)
      if (restart !== -1 && (end === -1 || restart < end)) {
        this.#forget()
        rest = rest.subarray(restart + 1)
        continue
      }
      const part = end === -1 ? rest : rest.subarray(0, end)
      rest = end === -1 ? rest.subarray(rest.length) : rest.subarray(end + 1)
      if (this.#size + part.length > this.mostBytes) {
        this.discard()
        yield { kind: 'oversized' }
        continue
      }
      this.#parts.push(part)
      this.#size += part.length
      if (end === -1) return
      const text = Buffer.concat(this.#parts).toString('utf8').trim()
      this.#forget()
      if (text !== '') yield { kind: 'line', text }
    }
  }

  #forget(): void {
    this.#parts = []
    this.#size = 0
  }
}
