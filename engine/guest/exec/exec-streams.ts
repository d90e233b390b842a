/**
 * The three streams of a command as Node streams, paced by credit. What they hold is bounded:
 * output by the window that was granted plus the stream's own high-water mark, input by the
 * chunk that is being written.
 */
import type { Buffer } from 'node:buffer'
import { Readable, Writable } from 'node:stream'

/** Output of a command. Bytes are granted again (`onConsumed`) only when a reader has taken them. */
export class OutputStream extends Readable {
  readonly #onConsumed: (bytes: number) => void
  readonly #waiting: Buffer[] = []
  #waitingBytes = 0
  #wanted = false
  #ended = false

  constructor(onConsumed: (bytes: number) => void) {
    super()
    this.#onConsumed = onConsumed
  }

  /** Bytes that have arrived and that no reader has asked for. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  deliver(chunk: Buffer): void {
    // A destroyed stream has no reader: the command must go on all the same.
    if (this.destroyed) {
      this.#onConsumed(chunk.length)
      return
    }
    this.#waiting.push(chunk)
    this.#waitingBytes += chunk.length
    this.#hand()
  }

  end(): void {
    this.#ended = true
    this.#hand()
  }

  override _read(): void {
    this.#wanted = true
    this.#hand()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#onConsumed(this.#waitingBytes)
    this.#waiting.length = 0
    this.#waitingBytes = 0
    callback(error)
  }

  #hand(): void {
    while (this.#wanted) {
      const chunk = this.#waiting.shift()
      if (chunk === undefined) break
      this.#waitingBytes -= chunk.length
      this.#wanted = this.push(chunk)
      this.#onConsumed(chunk.length)
    }
    if (!this.#ended || this.#waiting.length > 0) return
    this.#ended = false
    this.push(null)
  }
}

interface InputSink {
  readonly data: (chunk: Buffer) => void
  readonly eof: () => void
}

/**
 * Input of a command. Nothing is sent before credit arrives. When the command stops reading,
 * or ends, the stream is destroyed without an error, as a pipe into `head` should be.
 */
export class InputStream extends Writable {
  readonly #sink: InputSink
  readonly #largestChunkBytes: number
  #credit = 0
  #pending: { readonly chunk: Buffer; readonly done: (error?: Error | null) => void } | null = null

  constructor(sink: InputSink, largestChunkBytes: number) {
    super()
    this.#sink = sink
    this.#largestChunkBytes = largestChunkBytes
  }

  grant(bytes: number): void {
    this.#credit += bytes
    this.#send()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#pending = { chunk, done }
    this.#send()
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#sink.eof()
    done()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const pending = this.#pending
    this.#pending = null
    callback(error)
    pending?.done(error)
  }

  #send(): void {
    while (this.#pending !== null && this.#credit > 0) {
      const { chunk, done } = this.#pending
      const length = Math.min(chunk.length, this.#credit, this.#largestChunkBytes)
      this.#credit -= length
      this.#sink.data(chunk.subarray(0, length))
      this.#pending = length === chunk.length ? null : { chunk: chunk.subarray(length), done }
      if (this.#pending === null) done()
    }
  }
}
