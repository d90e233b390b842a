/**
 * A byte stream over a message link, for consoles. Each side may send only what the other has
 * room for and said so (credit): neither MessagePorts nor a browser's WebSockets slow a sender
 * down, so without it a guest that floods its console would fill the page's memory.
 *
 * Binary messages are bytes. Text messages are JSON: `{"open":true}` or `{"error":…}` from the
 * engine's side first, `{"credit":n}` for n bytes that were read or that there is more room for, `{"end":true}` for the end of
 * one direction. A peer that breaks these rules loses the link.
 */
import { MayflyError, toErrorRecord } from '../errors.ts'
import { fromErrorRecord } from './error-record.ts'
import type { LinkMessage, MessageLink } from './message-link.ts'

/** What each side may have under way before the other has read any of it. Bytes. */
const windowBytes = 256 * 1024
/** What it may have where the other made room for more. Bytes. */
const mostWindowBytes = 8 * 1024 * 1024
/** Most bytes in one message. */
export const maxByteMessageBytes = 64 * 1024
/** Longest text message; errors are the longest. Characters. */
const maxControlCharacters = 64 * 1024

interface Deferred<T> {
  readonly promise: Promise<T>
  resolve(value: T): void
  reject(error: Error): void
}

export class ByteLink {
  readonly #link: MessageLink
  readonly #opened = deferred<void>()
  readonly #over = deferred<'ended' | 'broken'>()
  readonly #received: Uint8Array[] = []
  /** Bytes the peer may have under way. */
  #window = windowBytes
  /** Bytes the peer may still send. */
  #promised = windowBytes
  /** Bytes that were read here and not yet told to the peer. */
  #readUntold = 0
  /** Bytes we may still send. */
  #credit = windowBytes
  #reader: Deferred<Uint8Array | null> | undefined
  #creditCame: Deferred<void> | undefined
  #sending: Promise<void> = Promise.resolve()
  #ended = false
  #peerEnded = false
  #closed = false

  constructor(link: MessageLink) {
    this.#link = link
    // Whoever does not ask whether it was opened learns it by reading.
    this.#opened.promise.catch(() => undefined)
    link.listen({ message: (message) => this.#receive(message), closed: () => this.#finish() })
  }

  /** Resolves when the engine's side has opened the stream. Rejects with the engine's reason, or `host-unavailable`. */
  get opened(): Promise<void> {
    return this.#opened.promise
  }

  /** `ended`: both directions ended in order. `broken`: one side went away before. */
  get over(): Promise<'ended' | 'broken'> {
    return this.#over.promise
  }

  /** The engine's side says that bytes may flow. */
  accept(): void {
    this.#opened.resolve()
    this.#control({ open: true })
  }

  /** The engine's side says why there is no stream. */
  refuse(error: MayflyError): void {
    this.#control({ error: toErrorRecord(error) })
    this.close()
  }

  /**
   * Makes room for so many bytes of the peer's at once, up to 8 MiB: a stream of pictures would stop and wait
   * for leave many times in each of them. Never makes it less.
   */
  makeRoom(bytes: number): void {
    const more = Math.min(bytes, mostWindowBytes) - this.#window
    if (more <= 0) return
    this.#window += more
    this.#promised += more
    this.#control({ credit: more })
  }

  /** The next bytes; null once the peer has ended. One reader at a time. Rejects with `host-unavailable` where the link broke. */
  read(): Promise<Uint8Array | null> {
    const bytes = this.#received.shift()
    if (bytes !== undefined) return Promise.resolve(this.#wasRead(bytes))
    if (this.#peerEnded) return Promise.resolve(null)
    if (this.#closed) return Promise.reject(lost())
    this.#reader ??= deferred()
    return this.#reader.promise
  }

  /** Sends bytes, in the order of calls. Resolves when the peer has room for the last of them. Rejects with `host-unavailable` where the link broke. */
  write(bytes: Uint8Array): Promise<void> {
    if (this.#ended) return Promise.reject(new MayflyError('conflict', 'This direction of the stream has ended.', { state: 'ended', allowed: ['open'] }))
    const sent = this.#sending.then(() => this.#sendInPieces(bytes))
    this.#sending = sent.catch(() => undefined)
    return sent
  }

  /** Nothing more will be written; what was, still arrives. Reading goes on. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    void this.#sending.then(() => this.#control({ end: true }))
  }

  /** Ends both directions at once; what is under way may be lost. */
  close(): void {
    this.#link.close()
    this.#finish()
  }

  async #sendInPieces(bytes: Uint8Array): Promise<void> {
    for (let offset = 0; offset < bytes.length; ) {
      while (this.#credit === 0 && !this.#closed) {
        this.#creditCame ??= deferred()
        await this.#creditCame.promise
      }
      if (this.#closed) throw lost()
      const length = Math.min(bytes.length - offset, this.#credit, maxByteMessageBytes)
      this.#credit -= length
      this.#link.send(bytes.subarray(offset, offset + length))
      offset += length
    }
    if (this.#closed) throw lost()
  }

  #control(message: object): void {
    if (!this.#closed) this.#link.send(JSON.stringify(message))
  }

  #receive(message: LinkMessage): void {
    if (this.#closed) return
    if (typeof message === 'string') {
      this.#obey(message)
      return
    }
    if (this.#peerEnded || message.length > this.#promised) return this.close()
    if (message.length === 0) return
    this.#promised -= message.length
    const reader = this.#takeReader()
    if (reader === undefined) this.#received.push(message)
    else reader.resolve(this.#wasRead(message))
  }

  #obey(text: string): void {
    const control = text.length > maxControlCharacters ? undefined : parseControl(text)
    switch (control?.kind) {
      case 'open':
        return this.#opened.resolve()
      case 'error':
        this.#opened.reject(fromErrorRecord(control.error))
        return this.close()
      case 'credit':
        this.#credit += control.bytes
        // Nobody may have room for more.
        if (this.#credit > mostWindowBytes) return this.close()
        this.#creditCame?.resolve()
        this.#creditCame = undefined
        return
      case 'end':
        if (this.#peerEnded) return this.close()
        this.#peerEnded = true
        this.#takeReader()?.resolve(null)
        return this.#closeWhenDone()
      case undefined:
        return this.close()
    }
  }

  #wasRead(bytes: Uint8Array): Uint8Array {
    this.#readUntold += bytes.length
    if (this.#readUntold >= this.#window / 2 && !this.#peerEnded) {
      this.#promised += this.#readUntold
      this.#control({ credit: this.#readUntold })
      this.#readUntold = 0
    }
    this.#closeWhenDone()
    return bytes
  }

  /** The side that ended first closes: the other's last message has then surely arrived. */
  #closeWhenDone(): void {
    if (this.#ended && this.#peerEnded && this.#received.length === 0) void this.#sending.then(() => this.close())
  }

  #takeReader(): Deferred<Uint8Array | null> | undefined {
    const reader = this.#reader
    this.#reader = undefined
    return reader
  }

  #finish(): void {
    if (this.#closed) return
    this.#closed = true
    this.#opened.reject(lost())
    this.#takeReader()?.reject(lost())
    this.#creditCame?.resolve()
    this.#over.resolve(this.#ended && this.#peerEnded ? 'ended' : 'broken')
  }
}

type Control = { readonly kind: 'open' | 'end' } | { readonly kind: 'credit'; readonly bytes: number } | { readonly kind: 'error'; readonly error: unknown }

function parseControl(text: string): Control | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { open, end, credit, error } = value as Record<string, unknown>
  if (open === true) return { kind: 'open' }
  if (end === true) return { kind: 'end' }
  if (typeof credit === 'number' && Number.isInteger(credit) && credit > 0 && credit <= mostWindowBytes) return { kind: 'credit', bytes: credit }
  return error === undefined ? undefined : { kind: 'error', error }
}

function lost(): MayflyError<'host-unavailable'> {
  return new MayflyError('host-unavailable', 'The stream broke off.', { check: 'engine' })
}

function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined
  let reject: (error: Error) => void = () => undefined
  const promise = new Promise<T>((fulfil, refuse) => {
    resolve = fulfil
    reject = refuse
  })
  return { promise, resolve, reject }
}
