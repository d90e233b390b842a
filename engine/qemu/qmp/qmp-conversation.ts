/**
 * The last part of what was said on a monitor, for `mayfly log --qmp` and for whoever looks
 * into a failure. Bounded by bytes, redacted before it is kept, and read by sequence number:
 * a slow follower costs no memory, it is told how much it missed.
 */
import { redactMessage } from './redact.ts'

export interface QmpConversationEntry {
  /** Counts up by one from 1; a hole is what the ring has forgotten. */
  readonly sequence: number
  readonly direction: 'sent' | 'received'
  /** Milliseconds on the process's monotonic clock: for distances. */
  readonly monotonicMs: number
  /** Milliseconds since 1970 by the wall clock, which may jump: for people. */
  readonly wallTimeMs: number
  /** The message as one line of JSON without secrets; its end is cut where it is very long. */
  readonly text: string
}

/** What a follower did not see, because it was slower than the ring is long. */
export interface QmpConversationGap {
  readonly missed: number
}

interface QmpConversationOptions {
  readonly maxBytes?: number
  readonly maxEntryBytes?: number
}

/** What an entry costs beside its text, roughly; keeps a flood of tiny messages bounded too. */
const entryOverheadBytes = 100

export class QmpConversation {
  readonly #maxBytes: number
  readonly #maxEntryBytes: number
  #entries: QmpConversationEntry[] = []
  /** Entries before this index are forgotten; the array is cut only now and then. */
  #start = 0
  #bytes = 0
  #lastSequence = 0
  readonly #waiting = new Set<() => void>()

  constructor({ maxBytes = 512 * 1024, maxEntryBytes = 16 * 1024 }: QmpConversationOptions = {}) {
    this.#maxBytes = maxBytes
    this.#maxEntryBytes = maxEntryBytes
  }

  /** Keeps one message. `line` is its text as it travelled, `message` the same, parsed. */
  record(direction: QmpConversationEntry['direction'], line: string, message: unknown): void {
    const safe = redactMessage(line, message)
    const text = safe.length <= this.#maxEntryBytes ? safe : `${safe.slice(0, this.#maxEntryBytes)}… (${safe.length} characters)`
    this.#lastSequence += 1
    this.#entries.push({ sequence: this.#lastSequence, direction, monotonicMs: performance.now(), wallTimeMs: Date.now(), text })
    this.#bytes += costOf(text)
    this.#forget()
    const wake = [...this.#waiting]
    this.#waiting.clear()
    for (const resolve of wake) resolve()
  }

  /** What the ring holds now, oldest first. */
  entries(): readonly QmpConversationEntry[] {
    return this.#entries.slice(this.#start)
  }

  /**
   * Yields what the ring holds, then each message as it comes, until `signal` aborts. A
   * follower that is too slow gets a gap in place of what was forgotten.
   */
  async *follow(signal: AbortSignal): AsyncGenerator<QmpConversationEntry | QmpConversationGap, void, undefined> {
    let next = this.#entries[this.#start]?.sequence ?? this.#lastSequence + 1
    while (!signal.aborted) {
      if (next > this.#lastSequence) {
        await this.#nextRecord(signal)
        continue
      }
      const oldest = this.#entries[this.#start]?.sequence ?? this.#lastSequence + 1
      if (next < oldest) {
        yield { missed: oldest - next }
        next = oldest
        continue
      }
      const entry = this.#entries[this.#start + (next - oldest)]
      next += 1
      if (entry !== undefined) yield entry
    }
  }

  #nextRecord(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiting.add(wake)
      signal.addEventListener('abort', wake)
    })
  }

  #forget(): void {
    while (this.#bytes > this.#maxBytes && this.#start < this.#entries.length - 1) {
      const oldest = this.#entries[this.#start]
      if (oldest !== undefined) this.#bytes -= costOf(oldest.text)
      this.#start += 1
    }
    if (this.#start * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#start)
      this.#start = 0
    }
  }
}

function costOf(text: string): number {
  return text.length + entryOverheadBytes
}
