/**
 * One connection to a QEMU monitor, after its negotiation. The reader decodes and enqueues
 * and never waits; answers and events leave the queue in the order in which they came, and
 * whoever awaits an answer goes on before the next message is delivered. No promise of a
 * client stays unsettled once its connection is gone.
 *
 * The client writes to a plain `Duplex`. Commands that carry file descriptors (`getfd`,
 * `add-fd`) need a stream that can send them (SCM_RIGHTS); such a stream and its method
 * belong in this file's constructor and in {@link QmpExecuteOptions}.
 */
import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { MayflyError } from '../../../contract/errors.ts'
import { LineDecoder, QmpGarbageError } from './line-decoder.ts'
import type { QmpConversation } from './qmp-conversation.ts'
import { parseLine, toQmpMessage } from './qmp-message.ts'
import type { AnyQmpEvent, QmpEvent, QmpEventName, QmpGreeting, QmpMessage } from './qmp-message.ts'
import type { QmpCommands } from './qmp.generated.ts'

export type QmpCommandName = keyof QmpCommands
export type QmpArguments<C extends QmpCommandName> = QmpCommands[C]['arguments']
export type QmpReturn<C extends QmpCommandName> = QmpCommands[C]['return']

export interface QmpExecuteOptions {
  /** How long to wait for the answer; null waits as long as the connection lives. Default 30 s. */
  readonly timeoutMs?: number | null
  /** Stops the waiting. A command that was already sent is carried out all the same. */
  readonly signal?: AbortSignal
}

/** Arguments may be left out where the command takes none or all are optional. */
export type QmpExecuteParameters<C extends QmpCommandName> =
  QmpArguments<C> extends undefined
    ? [commandArguments?: undefined, options?: QmpExecuteOptions]
    : Partial<QmpArguments<C>> extends QmpArguments<C>
      ? [commandArguments?: QmpArguments<C>, options?: QmpExecuteOptions]
      : [commandArguments: QmpArguments<C>, options?: QmpExecuteOptions]

export interface QmpWaitOptions<E extends QmpEventName> {
  readonly where?: (event: QmpEvent<E>) => boolean
  /** No limit by default. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** Why a connection ended: by us, by QEMU, by a socket error, or because QEMU sent nonsense. */
export type QmpCloseReason =
  | { readonly kind: 'closed' }
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly error: Error }
  | { readonly kind: 'garbage'; readonly description: string }

interface PendingCall {
  readonly command: string
  readonly resolve: (value: unknown) => void
  readonly reject: (error: MayflyError) => void
}

type Queued = QmpMessage | { readonly kind: 'end'; readonly reason: QmpCloseReason }

const defaultTimeoutMs = 30_000
/** The longest answers are introspection (0.2 MB) and block graphs; a hundred times more is nonsense. */
const maxLineBytes = 16 * 1024 * 1024

export class QmpClient {
  /** What was said, redacted; may span several connections of one machine. */
  readonly conversation: QmpConversation
  /** QEMU's greeting; settled in every client that `connectQmp` returned. */
  readonly greeted: Promise<QmpGreeting>
  /** Settles once, never rejects. */
  readonly closed: Promise<QmpCloseReason>

  readonly #stream: Duplex
  readonly #decoder = new LineDecoder(maxLineBytes)
  /** A reconnection may get an answer meant for the client before it: ids never repeat across connections. */
  readonly #idPrefix = randomBytes(6).toString('hex')
  #lastCall = 0
  readonly #pending = new Map<string, PendingCall>()
  readonly #listeners = new Set<(event: AnyQmpEvent) => void>()
  #queue: Queued[] = []
  /** Messages of the queue before this index are delivered. */
  #delivered = 0
  #isDraining = false
  #readerStopped = false
  #closeReason: QmpCloseReason | undefined
  #resolveGreeted: (greeting: QmpGreeting) => void = () => {}
  #resolveClosed: (reason: QmpCloseReason) => void = () => {}

  /** For `connectQmp`, which also negotiates. */
  constructor(stream: Duplex, conversation: QmpConversation) {
    this.#stream = stream
    this.conversation = conversation
    this.greeted = new Promise((resolve) => {
      this.#resolveGreeted = resolve
    })
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
    stream.on('data', (chunk: Uint8Array) => this.#read(chunk))
    stream.on('end', () => this.#stopReading({ kind: 'ended' }))
    stream.on('close', () => this.#stopReading({ kind: 'ended' }))
    stream.on('error', (error) => this.#stopReading({ kind: 'failed', error }))
  }

  /**
   * Sends one command and waits for its answer. Several may be under way at once.
   *
   * @throws MayflyError 'qmp-failed' when QEMU answers with an error, 'timeout', 'cancelled'
   * by the signal, 'qmp-interrupted' when the connection ended before the answer came.
   */
  execute<C extends QmpCommandName>(command: C, ...[commandArguments, options]: QmpExecuteParameters<C>): Promise<QmpReturn<C>> {
    // QEMU's introspection is the promise that the answer has this type.
    return this.#call(command, commandArguments, options ?? {}) as Promise<QmpReturn<C>>
  }

  /** Calls `listener` with each event of this name until the returned function is called. Listeners must not throw. */
  on<E extends QmpEventName>(event: E, listener: (event: QmpEvent<E>) => void): () => void {
    return this.onAny((candidate) => {
      if (candidate.event === event) listener(candidate as QmpEvent<E>)
    })
  }

  /** Calls `listener` with every event until the returned function is called. Listeners must not throw. */
  onAny(listener: (event: AnyQmpEvent) => void): () => void {
    const own = (event: AnyQmpEvent): void => listener(event)
    this.#listeners.add(own)
    return () => {
      this.#listeners.delete(own)
    }
  }

  /**
   * The next event of this name (that fits `where`). Listens from the moment of the call, so
   * call it before the command that causes the event.
   *
   * @throws MayflyError 'timeout', 'cancelled' or 'qmp-interrupted'.
   */
  waitForEvent<E extends QmpEventName>(event: E, { where, timeoutMs, signal }: QmpWaitOptions<E> = {}): Promise<QmpEvent<E>> {
    return new Promise((resolve, reject) => {
      const stop = this.on(event, (candidate) => {
        if (where === undefined || where(candidate)) settle(() => resolve(candidate))
      })
      const stopLimits = startLimits(`waiting for QEMU's event ${event}`, timeoutMs ?? null, signal, (error) => settle(() => reject(error)))
      const settle = (finish: () => void): void => {
        stop()
        stopLimits()
        finish()
      }
      void this.closed.then(() => settle(() => reject(interrupted(`the wait for ${event}`))))
    })
  }

  get isClosed(): boolean {
    return this.#closeReason !== undefined
  }

  /** Ends the connection; calls under way fail with 'qmp-interrupted'. QEMU goes on. */
  close(): void {
    this.#stopReading({ kind: 'closed' })
  }

  #call(command: string, commandArguments: unknown, { timeoutMs = defaultTimeoutMs, signal }: QmpExecuteOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#readerStopped) return reject(interrupted(command))
      if (signal?.aborted === true) return reject(cancelled(command))
      this.#lastCall += 1
      const id = `${this.#idPrefix}-${this.#lastCall}`
      const forget = (): void => {
        stopLimits()
        this.#pending.delete(id)
      }
      const fail = (error: MayflyError): void => {
        forget()
        reject(error)
      }
      const stopLimits = startLimits(`QEMU's answer to ${command}`, timeoutMs, signal, fail)
      this.#pending.set(id, {
        command,
        resolve: (value) => {
          forget()
          resolve(value)
        },
        reject: fail,
      })
      const message = commandArguments === undefined ? { execute: command, id } : { execute: command, arguments: commandArguments, id }
      const line = JSON.stringify(message)
      this.conversation.record('sent', line, message)
      this.#stream.write(`${line}\n`)
    })
  }

  #read(chunk: Uint8Array): void {
    if (this.#readerStopped) return
    try {
      for (const line of this.#decoder.push(chunk)) {
        const value = parseLine(line)
        this.conversation.record('received', line, value)
        this.#queue.push(toQmpMessage(value))
      }
    } catch (error) {
      if (!(error instanceof QmpGarbageError)) throw error
      return this.#stopReading({ kind: 'garbage', description: error.message })
    }
    this.#drain()
  }

  #stopReading(reason: QmpCloseReason): void {
    if (this.#readerStopped) return
    this.#readerStopped = true
    this.#stream.destroy()
    // What came before a clean or broken end still counts; after close() nobody waits for it.
    if (reason.kind === 'closed') {
      this.#queue = []
      this.#delivered = 0
    }
    this.#queue.push({ kind: 'end', reason })
    this.#drain()
  }

  /** Delivers what is queued, with a pause after each answer in which its caller goes on. */
  #drain(): void {
    if (this.#isDraining) return
    this.#isDraining = true
    for (;;) {
      // Read anew each time: a listener may close the client, which replaces the queue.
      const message = this.#queue[this.#delivered]
      if (message === undefined) break
      this.#delivered += 1
      this.#deliver(message)
      if (message.kind !== 'return' && message.kind !== 'error') continue
      setImmediate(() => {
        this.#isDraining = false
        this.#drain()
      })
      return
    }
    this.#queue = []
    this.#delivered = 0
    this.#isDraining = false
  }

  #deliver(message: Queued): void {
    switch (message.kind) {
      case 'greeting':
        return this.#resolveGreeted(message.greeting)
      case 'event':
        for (const listener of this.#listeners) callListener(listener, message.event)
        return
      case 'return':
        // An id that is not ours, or of a call that gave up, belongs to nobody.
        return this.#takePending(message.id)?.resolve(message.value)
      case 'error': {
        const call = this.#takePending(message.id)
        return call?.reject(commandFailed(call.command, message.qmpClass, message.description))
      }
      case 'end':
        return this.#finish(message.reason)
      default:
        return message satisfies never
    }
  }

  #takePending(id: unknown): PendingCall | undefined {
    return typeof id === 'string' ? this.#pending.get(id) : undefined
  }

  #finish(reason: QmpCloseReason): void {
    this.#closeReason = reason
    for (const call of [...this.#pending.values()]) call.reject(interrupted(call.command, reason))
    this.#listeners.clear()
    this.#resolveClosed(reason)
  }
}

/** A listener that throws is a bug: it surfaces as one, and neither the reader nor the other listeners notice. */
function callListener(listener: (event: AnyQmpEvent) => void, event: AnyQmpEvent): void {
  try {
    listener(event)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

/** Starts a deadline and listens to a signal; the returned function ends both. */
function startLimits(what: string, timeoutMs: number | null, signal: AbortSignal | undefined, fail: (error: MayflyError) => void): () => void {
  const timer = timeoutMs === null ? undefined : setTimeout(() => fail(timedOut(what, timeoutMs)), timeoutMs)
  const abort = (): void => fail(cancelled(what))
  signal?.addEventListener('abort', abort)
  if (signal?.aborted === true) queueMicrotask(abort)
  return () => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}

function commandFailed(command: string, qmpClass: string, description: string): MayflyError<'qmp-failed'> {
  return new MayflyError('qmp-failed', `QEMU refused ${command}: ${description}`, { command, qmpClass, description })
}

function timedOut(what: string, waitedMs: number): MayflyError<'timeout'> {
  return new MayflyError('timeout', `No result within ${waitedMs} ms: ${what}.`, { waitedMs })
}

function cancelled(what: string): MayflyError<'cancelled'> {
  return new MayflyError('cancelled', `Cancelled: ${what}.`, {})
}

function interrupted(command: string, reason?: QmpCloseReason): MayflyError<'qmp-interrupted'> {
  const why = reason?.kind === 'garbage' ? ` ${reason.description}` : ''
  const options = reason?.kind === 'failed' ? { cause: reason.error } : {}
  return new MayflyError('qmp-interrupted', `The connection to QEMU ended during ${command}; whether it was carried out is not known.${why}`, { command }, options)
}
