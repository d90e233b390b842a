/**
 * One queue for each machine: two commands for one machine never interleave. What is under way
 * can be told to give up, so that switching off need not wait behind a slow start.
 */
import { MayflyError } from '../../contract/errors.ts'

export class CommandQueue {
  #tail: Promise<unknown> = Promise.resolve()
  #current: AbortController | null = null
  readonly #closing = new AbortController()

  /** Aborts when the queue takes nothing more. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  /** Runs `work` after everything queued before it. A failure is the caller's; the queue goes on. */
  run<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const turn = async (): Promise<T> => {
      if (this.closing.aborted) throw new MayflyError('cancelled', 'The engine is ending.', {})
      const controller = new AbortController()
      this.#current = controller
      try {
        return await work(controller.signal)
      } finally {
        this.#current = null
      }
    }
    const result = this.#tail.then(turn)
    this.#tail = result.catch(() => undefined)
    return result
  }

  /** Tells the command under way to give up. What is queued behind it still runs. */
  interrupt(reason: MayflyError): void {
    this.#current?.abort(reason)
  }

  /** Refuses what is queued, interrupts what is under way, and waits for it. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.interrupt(new MayflyError('cancelled', 'The engine is ending.', {}))
    await this.#tail
  }
}
