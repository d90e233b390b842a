/**
 * The engine's end of a guest's serial port. A connected reader that does not read freezes the
 * guest's console, so the hub always reads, whatever its viewers do; it keeps the newest bytes,
 * and any number of viewers read those at their own pace. It reconnects while the machine lives
 * and takes what it missed from the log that QEMU writes besides.
 */
import { connect, type Socket } from 'node:net'
import { MayflyError } from '../../contract/errors.ts'
import { CappedLog, type CappedLogOptions } from '../logs/capped-log.ts'
import { ByteRing } from './byte-ring.ts'
import { FollowedCount } from './followed-count.ts'
import { countMissedBytes } from './missed-bytes.ts'
import { ReadyLineReader } from './ready-line.ts'
import { SerialViewer, type SerialViewerPeer } from './serial-viewer.ts'
import { StreamSearch } from './stream-search.ts'

export interface SerialHubOptions {
  /** How many of the newest bytes are kept for viewers. */
  readonly ringBytes?: number
  readonly log?: CappedLogOptions
  /** The guest told that it is up, and after how many seconds. Called again after each boot. */
  readonly onReady?: (uptimeSeconds: number) => void
  /** What the guest wrote, in order: first what the log has of this boot, as much of it as is kept. */
  readonly onBytes?: (chunk: Buffer) => void
}

interface Waiter {
  readonly search: StreamSearch
  readonly settle: (error: MayflyError | null) => void
}

const firstRetryMs = 50
const longestRetryMs = 1000
/** If nothing has arrived so long after connecting, the log is read for what was missed. */
const quietMs = 250
/** How long a closing hub waits for the last bytes of a QEMU that has just ended. */
const lingerMs = 250
/** Above this, viewers' bytes wait with the viewer. */
const mostUnsentBytes = 256 * 1024

export class SerialHub {
  /** The log QEMU writes; capped while the hub is open. For followers. */
  readonly log: CappedLog
  readonly #socketPath: string
  readonly #options: SerialHubOptions
  readonly #ring: ByteRing
  readonly #peer: SerialViewerPeer
  readonly #viewers = new Set<SerialViewer>()
  readonly #viewerCount = new FollowedCount()
  readonly #waiters = new Set<Waiter>()
  readonly #unsent = new Map<SerialViewer, { chunk: Buffer; done: () => void }>()
  readonly #ready = new ReadyLineReader()
  #readyUptimeSeconds: number | null = null
  #socket: Socket | null = null
  /** What came since connecting, until the log has told what came before; null: nothing is held back. */
  #held: Buffer[] | null = null
  #logOffset = 0
  #retryMs = firstRetryMs
  #timer: NodeJS.Timeout | null = null
  /** Whether the ring began with only a part of this boot's text. */
  #hasOlderText = false
  #isClosed = false

  constructor(socketPath: string, logPath: string, options: SerialHubOptions = {}) {
    this.#socketPath = socketPath
    this.#options = options
    this.log = new CappedLog(logPath, options.log)
    this.#ring = new ByteRing(options.ringBytes ?? 256 * 1024)
    this.#peer = {
      ring: this.#ring,
      send: (viewer, chunk, done) => this.#send(viewer, chunk, done),
      onClose: (viewer) => {
        this.#viewers.delete(viewer)
        this.#viewerCount.set(this.#viewers.size)
        this.#unsent.delete(viewer)
      },
    }
  }

  /** What the guest told when it was up: seconds; null as long as it has not. */
  get readyUptimeSeconds(): number | null {
    return this.#readyUptimeSeconds
  }

  /** Offset of the newest byte seen: a mark for `waitForText`. */
  get offset(): number {
    return this.#ring.end
  }

  /**
   * Takes the end of the present log file as history, then begins to read the port. Resolves
   * once the first attempt to connect is over; later ones go on in the background until `close`.
   */
  async open(): Promise<void> {
    const { fileStart, end } = await this.log.bounds()
    const from = Math.max(fileStart, end - (this.#options.ringBytes ?? 256 * 1024))
    this.#hasOlderText = from > fileStart
    this.#take((await this.log.read(from, end - from)).bytes)
    this.#logOffset = end
    this.log.start()
    if (this.#isClosed) this.#finish()
    else await this.#connect()
  }

  /** A new viewer, beginning with up to `replayBytes` of what was seen before (at most what the ring holds). */
  view(options: { readonly replayBytes?: number } = {}): SerialViewer {
    const viewer = new SerialViewer(this.#peer, this.#replayFrom(options.replayBytes ?? 0))
    this.#viewers.add(viewer)
    this.#viewerCount.set(this.#viewers.size)
    if (this.#isClosed) viewer.finish()
    return viewer
  }

  /** How many look at the port, now and whenever it changes, until the hub closes or `signal` aborts. */
  followViewers(signal?: AbortSignal): AsyncGenerator<number, void, undefined> {
    return this.#viewerCount.follow(signal)
  }

  /**
   * Resolves when the guest has written `text` in this boot, before or after the call; with
   * `sinceOffset`, only after that mark. Text which a flood has pushed out of the log is not found.
   * Throws `cancelled` when `signal` aborts and `conflict` when the machine ends first.
   */
  async waitForText(text: string, options: { readonly sinceOffset?: number; readonly signal?: AbortSignal } = {}): Promise<void> {
    const from = Math.max(this.#ring.start, options.sinceOffset ?? 0)
    const search = new StreamSearch(text)
    if (search.push(this.#ring.read(from, this.#ring.end - from))) return
    if (this.#isClosed) throw endedWithout(text)
    const { signal } = options
    let giveUp: () => void = () => undefined
    const found = new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        search,
        settle: (error) => {
          this.#waiters.delete(waiter)
          if (error === null) resolve()
          else reject(error)
        },
      }
      giveUp = () => waiter.settle(new MayflyError('cancelled', 'Nobody waits for the text any more.', {}))
      this.#waiters.add(waiter)
      const hasOlderText = this.#hasOlderText || this.#ring.start > 0
      if (options.sinceOffset === undefined && hasOlderText) void this.#searchLog(text, waiter)
    })
    signal?.addEventListener('abort', giveUp, { once: true })
    if (signal?.aborted === true) giveUp()
    try {
      await found
    } finally {
      signal?.removeEventListener('abort', giveUp)
    }
  }

  /**
   * Lets go of the port. Viewers get what is left and end; waiters throw. A QEMU that has just
   * ended is given a moment for the last bytes of its guest.
   */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#viewerCount.end()
    this.log.stop()
    const socket = this.#socket
    if (socket === null) this.#finish()
    else if (socket.connecting) socket.destroy()
    else this.#resetTimer(lingerMs, () => socket.destroy())
  }

  async #connect(): Promise<void> {
    const socket = connect({ path: this.#socketPath })
    this.#socket = socket
    this.#held = []
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('drain', () => this.#sendWaiting())
    socket.on('error', () => undefined)
    await new Promise<void>((resolve) => {
      socket.once('connect', () => {
        this.#retryMs = firstRetryMs
        if (!this.#isClosed) this.#resetTimer(quietMs, () => void this.#catchUp(socket))
        this.#sendWaiting()
        resolve()
      })
      socket.once('close', () => {
        resolve()
        void this.#afterClose(socket)
      })
    })
  }

  async #afterClose(socket: Socket): Promise<void> {
    await this.#catchUp(socket)
    if (this.#socket === socket) this.#socket = null
    if (this.#isClosed) {
      this.#finish()
      return
    }
    this.#logOffset = await this.log.bounds().then(({ end }) => end, () => this.#logOffset)
    if (this.#isClosed) {
      this.#finish()
      return
    }
    this.#resetTimer(this.#retryMs, () => void this.#connect())
    this.#retryMs = Math.min(longestRetryMs, this.#retryMs * 2)
  }

  #receive(chunk: Buffer): void {
    if (this.#held === null) {
      this.#take(chunk)
      return
    }
    const isFirst = this.#held.length === 0
    this.#held.push(chunk)
    if (isFirst && this.#socket !== null) void this.#catchUp(this.#socket)
  }

  /** Puts what the log has and the socket had not before what the socket delivered. Once for each connection. */
  async #catchUp(socket: Socket): Promise<void> {
    const held = this.#held
    if (held === null || this.#socket !== socket) return
    let logged: Buffer = Buffer.alloc(0)
    try {
      const { end } = await this.log.bounds()
      const from = Math.max(this.#logOffset, end - (this.#options.ringBytes ?? 256 * 1024))
      logged = (await this.log.read(from, end - from)).bytes
    } catch {
      // Without the log, what came in between is not known.
    }
    if (this.#held !== held) return
    this.#held = null
    const received = Buffer.concat(held)
    this.#take(logged.subarray(0, countMissedBytes(logged, received)))
    this.#take(received)
  }

  #take(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.#ring.push(chunk)
    this.log.grew(chunk.length)
    for (const viewer of this.#viewers) viewer.wake()
    for (const waiter of this.#waiters) if (waiter.search.push(chunk)) waiter.settle(null)
    this.#options.onBytes?.(chunk)
    const uptimeSeconds = this.#ready.push(chunk)
    if (uptimeSeconds === null) return
    this.#readyUptimeSeconds = uptimeSeconds
    this.#options.onReady?.(uptimeSeconds)
  }

  #send(viewer: SerialViewer, chunk: Buffer, done: () => void): void {
    const socket = this.#socket
    const isOpen = socket !== null && !socket.connecting && !socket.destroyed
    if (isOpen && socket.writableLength <= mostUnsentBytes) socket.write(chunk, () => done())
    else if (this.#isClosed) done()
    else this.#unsent.set(viewer, { chunk, done })
  }

  #sendWaiting(): void {
    const waiting = [...this.#unsent]
    this.#unsent.clear()
    for (const [viewer, { chunk, done }] of waiting) this.#send(viewer, chunk, done)
  }

  async #searchLog(text: string, waiter: Waiter): Promise<void> {
    try {
      const { fileStart, end } = await this.log.bounds()
      const slice = await this.log.read(fileStart, end - fileStart)
      if (this.#waiters.has(waiter) && slice.bytes.includes(text)) waiter.settle(null)
    } catch {
      // The live text is still searched.
    }
  }

  /** Where a replay begins: at the beginning of a line, if one is near. */
  #replayFrom(replayBytes: number): number {
    const from = Math.max(this.#ring.start, this.#ring.end - replayBytes)
    if (from === 0 || replayBytes === 0) return from
    const newline = this.#ring.read(from, 512).indexOf(0x0a)
    return newline === -1 ? from : from + newline + 1
  }

  #finish(): void {
    this.#resetTimer(0, null)
    for (const viewer of this.#viewers) viewer.finish()
    for (const { done } of this.#unsent.values()) done()
    this.#unsent.clear()
    for (const waiter of this.#waiters) waiter.settle(new MayflyError('conflict', 'The machine ended before its guest wrote the text.', { state: 'stopped', allowed: ['running'] }))
  }

  #resetTimer(afterMs: number, action: (() => void) | null): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = action === null ? null : setTimeout(action, afterMs)
  }
}

function endedWithout(text: string): MayflyError {
  return new MayflyError('conflict', `The machine ended before its guest wrote “${text}”.`, { state: 'stopped', allowed: ['running'] })
}
