/**
 * Back-pressure for transports that have none. A socket stops taking bytes when its reader
 * stalls; a MessagePort takes everything and keeps it in memory. There, a stream of events is
 * pulled from the engine only as far as its reader has granted: it begins with a window of
 * credit and earns one for each event its reader took. The engine's own bounded queue does the rest.
 */

/** Events that may be under way unasked for: enough to hide the way there and back, little enough to forget. */
const defaultWindow = 64

/** The credit of one connection's streams, each under an id its reader chose. */
export class CreditLedger {
  readonly #window: number
  readonly #accounts = new Map<string, Account>()

  constructor(options: { readonly window?: number } = {}) {
    this.#window = options.window ?? defaultWindow
  }

  /** Streams that are open. */
  get size(): number {
    return this.#accounts.size
  }

  /**
   * The same events, each taken from `source` only when there is credit for it. Throws RangeError for an id in use.
   * `signal` is the call's: over a MessagePort the RPC library aborts it when the reader ends, but
   * returns the iterator only after its next event, which a stream out of credit never has.
   */
  pace<T>(id: string, source: AsyncIterator<T, unknown, undefined>, signal: AbortSignal | undefined): AsyncIterableIterator<T, unknown, undefined> {
    if (this.#accounts.has(id)) throw new RangeError('This id of a stream is in use.')
    const account = new Account(this.#window)
    this.#accounts.set(id, account)
    const end = (): void => {
      account.close()
      this.#accounts.delete(id)
      signal?.removeEventListener('abort', end)
    }
    if (signal?.aborted === true) end()
    else signal?.addEventListener('abort', end)
    return {
      next: async () => {
        if (!(await account.take())) return (await source.return?.()) ?? { done: true, value: undefined }
        try {
          const result = await source.next()
          if (result.done === true) end()
          return result
        } catch (error) {
          end()
          throw error
        }
      },
      return: async () => {
        end()
        return (await source.return?.()) ?? { done: true, value: undefined }
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }

  /** The reader took `count` events. What is not a sensible grant of a stream that is open is ignored: it comes from the other side. */
  grant(id: string, count: number): void {
    if (Number.isInteger(count) && count > 0) this.#accounts.get(id)?.add(count, this.#window)
  }

  /** The connection is gone: every stream ends. */
  close(): void {
    for (const account of this.#accounts.values()) account.close()
    this.#accounts.clear()
  }
}

class Account {
  #credit: number
  #open = true
  readonly #waiting: ((mayGoOn: boolean) => void)[] = []

  constructor(credit: number) {
    this.#credit = credit
  }

  /** Spends one; false once the stream is over. */
  take(): Promise<boolean> {
    if (!this.#open) return Promise.resolve(false)
    if (this.#credit > 0) {
      this.#credit--
      return Promise.resolve(true)
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** No more than the window can be saved up, whatever the other side claims. */
  add(count: number, most: number): void {
    this.#credit = Math.min(this.#credit + count, most)
    while (this.#credit > 0) {
      const waiting = this.#waiting.shift()
      if (waiting === undefined) return
      this.#credit--
      waiting(true)
    }
  }

  close(): void {
    this.#open = false
    for (const waiting of this.#waiting.splice(0)) waiting(false)
  }
}
