/**
 * Tells everybody what changes. A subscription begins with a snapshot that carries a revision;
 * each later event carries the next one, without holes. Publishing never waits and never fails:
 * every subscriber has a bounded queue, and one that overflows ends with `gap`, because a
 * reader that lost an event must start over, and one that is slow must not cost memory.
 * Nothing is merged in the queue either: a client could not tell a merged event from a lost one.
 */
import type { EngineEvent } from '../../contract/event.ts'

type WithoutRevision<E> = E extends unknown ? Omit<E, 'revision'> : never

/** An event before the hub numbers it. */
export type EventBody = WithoutRevision<Exclude<EngineEvent, { type: 'snapshot' | 'gap' }>>

/** Everything there is, as a subscription begins with it. */
export type SnapshotBody = Omit<Extract<EngineEvent, { type: 'snapshot' }>, 'revision' | 'type'>

interface SubscribeOptions {
  /** Called once, at once: it must be synchronous, so that no event falls between it and the first revision. */
  readonly snapshot: () => SnapshotBody
  readonly signal?: AbortSignal | undefined
}

/** Events one subscriber may leave unread. About a megabyte at the most. */
const defaultCapacity = 1024

export class EventHub {
  readonly #capacity: number
  readonly #subscriptions = new Set<Subscription>()
  readonly #onPublished: (body: EventBody) => void
  #revision = 0

  /** `onPublished` is called after each event has been queued; it may publish what follows from it. */
  constructor(options: { readonly capacity?: number; readonly onPublished?: (body: EventBody) => void } = {}) {
    this.#capacity = options.capacity ?? defaultCapacity
    this.#onPublished = options.onPublished ?? (() => undefined)
  }

  /** The revision of the last event. */
  get revision(): number {
    return this.#revision
  }

  /** How many subscriptions are open. */
  get subscribers(): number {
    return this.#subscriptions.size
  }

  /** Numbers an event and queues it for every subscriber. */
  publish(body: EventBody): void {
    this.#revision++
    const event: EngineEvent = { ...body, revision: this.#revision }
    for (const subscription of this.#subscriptions) subscription.push(event)
    this.#onPublished(body)
  }

  /**
   * Events from now on, the snapshot first. Ends when the reader returns, when `signal` aborts,
   * when the hub closes, or after `gap`.
   */
  subscribe(options: SubscribeOptions): AsyncIterableIterator<EngineEvent> {
    const first: EngineEvent = { type: 'snapshot', revision: this.#revision, ...options.snapshot() }
    const subscription = new Subscription(first, this.#capacity, () => this.#subscriptions.delete(subscription))
    this.#subscriptions.add(subscription)
    const { signal } = options
    if (signal?.aborted === true) subscription.end()
    else signal?.addEventListener('abort', () => subscription.end(), { once: true, signal: subscription.ended })
    return subscription
  }

  /** Ends all subscriptions after what is queued for them. */
  close(): void {
    for (const subscription of this.#subscriptions) subscription.finish()
  }
}

type Result = IteratorResult<EngineEvent, undefined>

/**
 * One reader's queue. Written out rather than as a generator, because `return` must come through while `next` waits.
 */
class Subscription implements AsyncIterableIterator<EngineEvent, undefined> {
  readonly #capacity: number
  readonly #forget: () => void
  readonly #ended = new AbortController()
  #queue: EngineEvent[]
  readonly #waiting: ((result: Result) => void)[] = []
  #open = true

  constructor(first: EngineEvent, capacity: number, forget: () => void) {
    this.#queue = [first]
    this.#capacity = capacity
    this.#forget = forget
  }

  /** Aborted once nothing more will be queued. */
  get ended(): AbortSignal {
    return this.#ended.signal
  }

  push(event: EngineEvent): void {
    const waiting = this.#waiting.shift()
    if (waiting !== undefined) waiting({ done: false, value: event })
    else if (this.#queue.length < this.#capacity) this.#queue.push(event)
    else {
      this.#queue = [{ type: 'gap', revision: event.revision }]
      this.finish()
    }
  }

  /** Lets the reader have what is queued, and nothing more. */
  finish(): void {
    if (!this.#open) return
    this.#open = false
    this.#forget()
    this.#ended.abort()
    for (const waiting of this.#waiting.splice(0)) waiting({ done: true, value: undefined })
  }

  /** Ends at once. */
  end(): void {
    this.#queue = []
    this.finish()
  }

  next(): Promise<Result> {
    const event = this.#queue.shift()
    if (event !== undefined) return Promise.resolve({ done: false, value: event })
    if (!this.#open) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  return(): Promise<Result> {
    this.end()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
