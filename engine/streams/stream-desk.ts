/**
 * Hands out byte streams: a procedure leaves the way to open one and answers with a ticket, the
 * transport comes back with the ticket. Nothing is opened before that, so a ticket nobody uses
 * costs nothing and holds nothing.
 *
 * Security: a ticket is the only thing needed to reach a guest's console, so it is 192 bits of
 * the system's randomness, good once and for thirty seconds, never logged and never echoed. It
 * is looked up in a hash table: there is no comparison whose timing could be measured.
 */
import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { MayflyError } from '../../contract/errors.ts'
import type { StreamTicket } from '../../contract/stream.ts'

interface StreamDeskOptions {
  /** How long a ticket is good for. */
  readonly lifetimeMs?: number
  /** Most tickets outstanding; one more and the oldest is void, so that nobody can fill memory with them. */
  readonly capacity?: number
}

interface Outstanding {
  readonly open: () => Duplex | Promise<Duplex>
  /** On the monotonic clock: a clock that is set does not age or renew a ticket. */
  readonly expiresAtMs: number
}

export class StreamDesk {
  readonly #lifetimeMs: number
  readonly #capacity: number
  /** In order of issue, hence of expiry. */
  readonly #outstanding = new Map<string, Outstanding>()

  constructor(options: StreamDeskOptions = {}) {
    this.#lifetimeMs = options.lifetimeMs ?? 30_000
    this.#capacity = options.capacity ?? 256
  }

  /** Leaves a stream to be fetched. `open` is called at most once, when the ticket is used. */
  issue(protocol: StreamTicket['protocol'], open: () => Duplex | Promise<Duplex>): StreamTicket {
    const now = performance.now()
    for (const [ticket, { expiresAtMs }] of this.#outstanding) {
      if (expiresAtMs > now && this.#outstanding.size < this.#capacity) break
      this.#outstanding.delete(ticket)
    }
    const ticket = randomBytes(24).toString('base64url')
    this.#outstanding.set(ticket, { open, expiresAtMs: now + this.#lifetimeMs })
    return { ticket, protocol }
  }

  /** Opens the stream a ticket stands for, once. Throws `not-found` for a ticket that is unknown, used or too old, and whatever opening throws. */
  async open(ticket: string): Promise<Duplex> {
    const found = this.#outstanding.get(ticket)
    this.#outstanding.delete(ticket)
    if (found === undefined || found.expiresAtMs <= performance.now()) {
      throw new MayflyError('not-found', 'This stream is not there: its ticket was used, is too old, or never was one.', { kind: 'stream', ref: 'ticket' }, { next: 'Ask for a new one.' })
    }
    return found.open()
  }

  /** Voids every ticket. */
  close(): void {
    this.#outstanding.clear()
  }
}
