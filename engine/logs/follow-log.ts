/**
 * Reads the end of a log and goes on as it grows. It reads from the file when its reader asks,
 * so a slow reader costs no memory: when it falls further behind than is worth telling, it skips
 * ahead and says how much was left out.
 */
import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { CappedLog } from './capped-log.ts'
import { TextStream, withoutCutCharacter } from './utf8-text.ts'

export interface FollowOptions {
  /** How much of what is there already is read first. */
  readonly tailBytes: number
  /** Nothing of earlier boots is read, which may be there still. */
  readonly thisBootOnly?: boolean
  /** Ends the following, without an error. */
  readonly signal?: AbortSignal
  /** A reader further behind than this skips ahead. */
  readonly mostBehindBytes?: number
}

export interface LogPiece {
  readonly text: string
  /** Bytes left out just before `text`, because the reader was too slow or the log was cut. */
  readonly skippedBytes: number
}

const pieceBytes = 64 * 1024
/** A change nobody told of (a network file system, no watches left) is found this late. */
const lookAgainMs = 2000

/** Follows a log until `signal` aborts or the reader stops. A log that is not there yet is empty. */
export async function* followLog(log: CappedLog, options: FollowOptions): AsyncGenerator<LogPiece, void, undefined> {
  const mostBehindBytes = Math.max(options.mostBehindBytes ?? 1024 * 1024, options.tailBytes, pieceBytes)
  const { signal } = options
  const bell = new GrowthBell(log, signal)
  try {
    const decoder = new TextStream()
    const { fileStart, end } = await log.bounds()
    let offset = end - options.tailBytes
    const first = options.thisBootOnly === true ? fileStart : 0
    let isCut = offset > first
    offset = Math.max(first, offset)
    while (signal?.aborted !== true) {
      bell.silence()
      let slice = await log.read(offset, pieceBytes)
      if (slice.end - slice.at > mostBehindBytes) slice = await log.read(slice.end - mostBehindBytes, pieceBytes)
      const skippedBytes = Math.max(0, slice.at - offset)
      if (slice.bytes.length === 0 && skippedBytes === 0) {
        await bell.rings()
        continue
      }
      isCut ||= skippedBytes > 0
      const before = skippedBytes > 0 ? decoder.end() : ''
      offset = slice.at + slice.bytes.length
      const text = before + decoder.push(isCut ? withoutCutCharacter(slice.bytes) : slice.bytes)
      isCut = false
      if (text !== '' || skippedBytes > 0) yield { text, skippedBytes }
    }
  } finally {
    bell.close()
  }
}

/** Rings when a log has grown, or may have. A ring between `silence` and `rings` is not lost. */
class GrowthBell {
  readonly #signal: AbortSignal | undefined
  readonly #stopListening: () => void
  #watcher: FSWatcher | null = null
  #hasRung = false
  #wake: (() => void) | null = null
  #timer: NodeJS.Timeout | null = null
  readonly #ring = (): void => {
    this.#hasRung = true
    this.#wake?.()
  }

  constructor(log: CappedLog, signal: AbortSignal | undefined) {
    this.#signal = signal
    signal?.addEventListener('abort', this.#ring)
    this.#stopListening = log.onGrowth(this.#ring)
    const name = basename(log.path)
    try {
      this.#watcher = watch(dirname(log.path), { persistent: false }, (_event, changed) => {
        if (changed === null || changed === name) this.#ring()
      })
      this.#watcher.on('error', () => this.#watcher?.close())
    } catch {
      // No watches left, or the folder is gone: looking again now and then has to do.
    }
  }

  silence(): void {
    this.#hasRung = false
  }

  async rings(): Promise<void> {
    if (this.#hasRung) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      this.#timer = setTimeout(resolve, lookAgainMs).unref()
    })
    this.#wake = null
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  close(): void {
    this.#signal?.removeEventListener('abort', this.#ring)
    this.#stopListening()
    this.#watcher?.close()
    if (this.#timer !== null) clearTimeout(this.#timer)
  }
}
