/** A number that others watch. A follower that is slow misses numbers in between, never the last one. */

export class FollowedCount {
  #count = 0
  #hasEnded = false
  readonly #wakes = new Set<() => void>()

  set(count: number): void {
    this.#count = count
    this.#wake()
  }

  /** There will be no more changes: followers end. */
  end(): void {
    this.#hasEnded = true
    this.#wake()
  }

  /** The number now, and each time it has become another, until `end` or until `signal` aborts. */
  async *follow(signal?: AbortSignal): AsyncGenerator<number, void, undefined> {
    const aborted = (): void => this.#wake()
    signal?.addEventListener('abort', aborted)
    try {
      let told: number | undefined
      while (!this.#hasEnded && signal?.aborted !== true) {
        if (told !== this.#count) {
          told = this.#count
          yield told
        } else {
          await new Promise<void>((resolve) => this.#wakes.add(resolve))
        }
      }
    } finally {
      signal?.removeEventListener('abort', aborted)
    }
  }

  #wake(): void {
    const wakes = [...this.#wakes]
    this.#wakes.clear()
    for (const wake of wakes) wake()
  }
}
