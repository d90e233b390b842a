/**
 * Makes guessing slow without locking anybody out: a wrong answer comes late, later each time,
 * and only a few may wait for theirs at once. A right one is never delayed: whoever floods the
 * door (a guest can reach the host's loopback) must not keep the owner outside.
 */

interface SlowDownOptions {
  readonly firstDelayMs?: number
  readonly longestDelayMs?: number
  /** Wrong answers that may be waiting; beyond, they are refused at once, unexamined. */
  readonly atOnce?: number
}

export class SlowDown {
  readonly #firstDelayMs: number
  readonly #longestDelayMs: number
  readonly #atOnce: number
  readonly #waiting = new Set<() => void>()
  #wrongInARow = 0

  constructor(options: SlowDownOptions = {}) {
    this.#firstDelayMs = options.firstDelayMs ?? 250
    this.#longestDelayMs = options.longestDelayMs ?? 8000
    this.#atOnce = options.atOnce ?? 8
  }

  /** Whether so many wrong answers wait that a further attempt is not even looked at. */
  get isFull(): boolean {
    return this.#waiting.size >= this.#atOnce
  }

  /** How long the next wrong answer will take. */
  get nextDelayMs(): number {
    return Math.min(this.#longestDelayMs, this.#firstDelayMs * 2 ** Math.min(this.#wrongInARow, 16))
  }

  wasRight(): void {
    this.#wrongInARow = 0
  }

  /** Resolves when the wrong answer may be given. */
  wasWrong(): Promise<void> {
    const delayMs = this.nextDelayMs
    this.#wrongInARow++
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(done)
        resolve()
      }
      const timer = setTimeout(done, delayMs)
      this.#waiting.add(done)
    })
  }

  /** Lets everybody go. */
  close(): void {
    for (const done of this.#waiting) done()
  }
}
