/**
 * Makes guessing slow without locking anybody out: a wrong answer comes late, later each time. A right
 * one is never delayed, and what one asker sends counts for that asker alone: whoever floods the
 * door (a guest can reach the host's loopback) must not keep the owner outside.
 */
import { isIPv6 } from 'node:net'

interface SlowDownOptions {
  readonly firstDelayMs?: number
  readonly longestDelayMs?: number
  /** Attempts of one asker that may be under way; beyond, they are refused at once, unexamined. */
  readonly atOnce?: number
}

/** `unseen`: so many attempts of this asker are under way that this one was not looked at. */
type Verdict = 'right' | 'wrong' | 'unseen'

export class SlowDown {
  readonly #firstDelayMs: number
  readonly #longestDelayMs: number
  readonly #atOnce: number
  /** Attempts that are not answered yet, by asker. */
  readonly #underWay = new Map<string, number>()
  readonly #waiting = new Set<() => void>()
  #lastCheck: Promise<unknown> = Promise.resolve()
  #wrongInARow = 0

  constructor(options: SlowDownOptions = {}) {
    this.#firstDelayMs = options.firstDelayMs ?? 250
    this.#longestDelayMs = options.longestDelayMs ?? 8000
    this.#atOnce = options.atOnce ?? 4
  }

  /** How long the next wrong answer will take. */
  get nextDelayMs(): number {
    return Math.min(this.#longestDelayMs, this.#firstDelayMs * 2 ** Math.min(this.#wrongInARow, 16))
  }

  wasRight(): void {
    this.#wrongInARow = 0
  }

  /**
   * Resolves with `right` at once, with `wrong` when that may be told. Checks take turns, because what
   * makes a password dear to guess makes it dear to check: memory, and a thread that files need too.
   */
  async examine(asker: string, check: () => Promise<boolean>): Promise<Verdict> {
    const before = this.#underWay.get(asker) ?? 0
    if (before >= this.#atOnce) return 'unseen'
    this.#underWay.set(asker, before + 1)
    try {
      const checked = this.#lastCheck.then(check)
      this.#lastCheck = checked.catch(() => undefined)
      if (!(await checked)) {
        await this.#delay()
        return 'wrong'
      }
      this.wasRight()
      return 'right'
    } finally {
      const left = (this.#underWay.get(asker) ?? 1) - 1
      if (left === 0) this.#underWay.delete(asker)
      else this.#underWay.set(asker, left)
    }
  }

  /** Lets everybody go. */
  close(): void {
    for (const done of this.#waiting) done()
  }

  #delay(): Promise<void> {
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
}

/** Who asks, by address. IPv6 hands out networks of 64 bits, so such a network is one asker. */
export function askerOf(address: string): string {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address
  const [head = [], tail = []] = address.split('::').map((half) => half.split(':').filter((group) => group !== ''))
  return [...head, ...Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0'), ...tail].slice(0, 4).join(':')
}
