/** Tells when nobody has needed the engine for a while: nobody connected, no obligations. */

interface IdleOptions {
  readonly idleMs: number
  readonly isBusy: () => boolean
  readonly onIdle: () => void
}

/** Looks now and then; calls `onIdle` once, after `idleMs` without a busy look. On the monotonic clock. */
export class IdleWatch {
  readonly #timer: NodeJS.Timeout
  #busyAtMs = performance.now()

  constructor(options: IdleOptions) {
    const everyMs = Math.min(Math.max(options.idleMs / 10, 50), 30_000)
    this.#timer = setInterval(() => {
      if (options.isBusy()) this.touch()
      else if (performance.now() - this.#busyAtMs >= options.idleMs) {
        this.stop()
        options.onIdle()
      }
    }, everyMs)
  }

  /** Somebody needed the engine just now, if only between two looks. */
  touch(): void {
    this.#busyAtMs = performance.now()
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
