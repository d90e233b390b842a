/** A byte stream of the engine, looking like the WebSocket noVNC wants. It reads only as fast as frames are taken. */
import type { ByteLink } from '../../../contract/wire/byte-link.ts'

/** About a picture of 1280x800 pixels as it is. Bytes. */
const roomBytes = 4 * 1024 * 1024

export class ByteChannel {
  readonly #link: ByteLink
  readonly protocol = ''
  binaryType = 'arraybuffer'
  readyState: 'open' | 'closed' = 'open'
  onopen: (() => void) | null = null
  onerror: (() => void) | null = null
  onclose: ((event: { readonly code: number; readonly reason: string; readonly wasClean: boolean }) => void) | null = null
  /** Called as it closes, before whoever uses it hears of that. */
  onending: (() => void) | null = null
  onmessage: ((event: { readonly data: ArrayBuffer }) => void) | null = null

  constructor(link: ByteLink) {
    this.#link = link
    link.makeRoom(roomBytes)
  }

  /** Called once somebody listens. */
  async pump(): Promise<void> {
    let clean = false
    try {
      for (;;) {
        const bytes = await this.#link.read()
        if (bytes === null) break
        this.onmessage?.({ data: ownBuffer(bytes) })
      }
      clean = true
    } catch {
      // The link broke; that is told by closing.
    }
    this.#closed(clean)
  }

  send(data: Uint8Array): void {
    // What is handed in is used again for the next message.
    void this.#link.write(data.slice()).catch(() => undefined)
  }

  close(): void {
    this.#link.close()
    this.#closed(true)
  }

  #closed(wasClean: boolean): void {
    if (this.readyState === 'closed') return
    this.readyState = 'closed'
    this.onending?.()
    // Never before whoever closes has finished, as with a WebSocket.
    queueMicrotask(() => this.onclose?.({ code: wasClean ? 1000 : 1006, reason: '', wasClean }))
  }
}

/** Most links hand over bytes with nothing else around them: those need no copy. */
function ownBuffer(bytes: Uint8Array): ArrayBuffer {
  const { buffer, byteLength } = bytes
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? buffer : bytes.slice().buffer
}
