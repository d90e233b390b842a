/**
 * One viewer of a serial console: a byte stream out of the hub's ring and back to the guest. It
 * has no buffer of its own to overflow: a viewer that is too slow finds the oldest bytes gone
 * and is told so in the stream, while the others and QEMU go on.
 */
import { Duplex } from 'node:stream'
import type { ByteRing } from './byte-ring.ts'

const pieceBytes = 32 * 1024

export interface SerialViewerPeer {
  readonly ring: ByteRing
  /** Gives bytes to the guest. `done` is called when there is room for more. */
  readonly send: (viewer: SerialViewer, chunk: Buffer, done: () => void) => void
  readonly onClose: (viewer: SerialViewer) => void
}

export class SerialViewer extends Duplex {
  readonly #peer: SerialViewerPeer
  #offset: number
  #wantsMore = false
  #hasEnded = false

  constructor(peer: SerialViewerPeer, fromOffset: number) {
    super({ allowHalfOpen: true, readableHighWaterMark: pieceBytes, writableHighWaterMark: 16 * 1024 })
    this.#peer = peer
    this.#offset = fromOffset
  }

  /** The ring has grown. */
  wake(): void {
    if (this.#wantsMore) this.#deliver()
  }

  /** The console is over: what is left is delivered, then the stream ends. */
  finish(): void {
    this.#hasEnded = true
    if (this.#wantsMore) this.#deliver()
  }

  override _read(): void {
    this.#wantsMore = true
    this.#deliver()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#peer.send(this, chunk, () => callback())
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#peer.onClose(this)
    callback(error)
  }

  #deliver(): void {
    const { ring } = this.#peer
    while (this.#wantsMore) {
      if (this.#offset < ring.start) {
        // Far enough ahead that the next bytes are not gone again before they are read.
        const next = Math.ceil((ring.start + ring.end) / 2)
        const skippedBytes = next - this.#offset
        this.#offset = next
        this.#wantsMore = this.push(`\r\n[… ${skippedBytes} bytes skipped …]\r\n`)
        continue
      }
      const bytes = ring.read(this.#offset, pieceBytes)
      if (bytes.length === 0) {
        if (!this.#hasEnded) return
        this.#wantsMore = false
        this.push(null)
        return
      }
      this.#offset += bytes.length
      this.#wantsMore = this.push(bytes)
    }
  }
}
