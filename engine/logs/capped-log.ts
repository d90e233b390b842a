/**
 * A log that another process writes (QEMU, with O_APPEND) and that a guest can feed, kept within
 * bounds by copy and truncate: the newest part is copied to `<name>.1`, then the file is cut to
 * nothing under its writer. Bytes have offsets that count on across truncations, so that a reader
 * who fell behind knows what it missed. What is written between the copy and the cut is lost:
 * microseconds, and only when a cap was reached.
 */
import type { FileHandle } from 'node:fs/promises'
import { open, rename, rm } from 'node:fs/promises'

const mebibyte = 1024 * 1024
const copyChunkBytes = 256 * 1024

export interface CappedLogOptions {
  /** The file is rotated when it is larger than this. */
  readonly capBytes?: number
  /** How much of the newest text `<name>.1` keeps. */
  readonly keepBytes?: number
  /** How often the size is looked at between `start` and `stop`, for writers nobody reports. */
  readonly checkEveryMs?: number
}

/** Part of a log. `at` is greater than what was asked for where older bytes are gone. */
export interface LogSlice {
  readonly bytes: Buffer
  readonly at: number
  /** Offset of the end of the log when it was read. */
  readonly end: number
}

export class CappedLog {
  readonly path: string
  readonly previousPath: string
  readonly #capBytes: number
  readonly #keepBytes: number
  readonly #checkEveryMs: number
  /** Offset at which the present file begins. */
  #base = 0
  /** Offset at which `<name>.1` begins, when it ends where the present file begins. */
  #previousFrom: number | null = null
  #lastSize: number | null = null
  #reportedBytes = 0
  #timer: NodeJS.Timeout | null = null
  #tail: Promise<unknown> = Promise.resolve()
  readonly #listeners = new Set<() => void>()

  constructor(path: string, options: CappedLogOptions = {}) {
    this.path = path
    this.previousPath = `${path}.1`
    this.#capBytes = options.capBytes ?? 8 * mebibyte
    this.#keepBytes = options.keepBytes ?? 4 * mebibyte
    this.#checkEveryMs = options.checkEveryMs ?? 10_000
  }

  /** Looks at the size now and then, until `stop`. The timer keeps no process alive. */
  start(): void {
    this.#timer ??= setInterval(() => this.#checkQuietly(), this.#checkEveryMs).unref()
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  /** For whoever sees the same bytes go by: tells followers, and checks the size once enough has come. */
  grew(bytes: number): void {
    for (const listener of this.#listeners) listener()
    this.#reportedBytes += bytes
    if (this.#reportedBytes < this.#capBytes / 8) return
    this.#reportedBytes = 0
    this.#checkQuietly()
  }

  /** Calls back when somebody reports growth. Answers with the way to stop it. */
  onGrowth(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Rotates if the log is over its cap. A disk that is full makes it keep less, never grow. */
  check(): Promise<void> {
    return this.#inTurn(async () => {
      if ((await this.#size()) > this.#capBytes) await this.#rotate()
    })
  }

  /**
   * Begins an empty file for a new boot; the text of earlier boots moves to `<name>.1`. To be
   * called while nobody writes.
   */
  beginBoot(): Promise<void> {
    return this.#inTurn(() => this.#rotate())
  }

  /** Reads from an offset. Offset 0 is the beginning of what was kept when this object first looked. */
  read(from: number, mostBytes: number): Promise<LogSlice> {
    return this.#inTurn(async () => {
      const size = await this.#size()
      const end = this.#base + size
      if (from < this.#base && this.#previousFrom !== null) {
        const at = Math.max(from, this.#previousFrom)
        const bytes = await readPart(this.previousPath, at - this.#previousFrom, Math.min(mostBytes, this.#base - at))
        if (bytes.length > 0) return { bytes, at, end }
      }
      const at = Math.min(Math.max(from, this.#base), end)
      return { bytes: await readPart(this.path, at - this.#base, Math.min(mostBytes, end - at)), at, end }
    })
  }

  /** Where the log stands: the offsets at which the present file begins and ends. */
  bounds(): Promise<{ fileStart: number; end: number }> {
    return this.#inTurn(async () => {
      const size = await this.#size()
      return { fileStart: this.#base, end: this.#base + size }
    })
  }

  /** A log that cannot be checked now (its folder is going away) is checked the next time. */
  #checkQuietly(): void {
    this.check().catch(() => undefined)
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work)
    this.#tail = result.catch(() => undefined)
    return result
  }

  /** The size now. Notices when somebody else cut the file. */
  async #size(): Promise<number> {
    const size = await fileSize(this.path)
    if (this.#lastSize === null) {
      this.#base = await fileSize(this.previousPath)
      this.#previousFrom = 0
    } else if (size < this.#lastSize) {
      this.#base += this.#lastSize
      this.#previousFrom = null
    }
    this.#lastSize = size
    return size
  }

  async #rotate(): Promise<void> {
    await this.#size()
    const file = await openIfThere(this.path, 'r+')
    if (file === null) return
    try {
      const seen = (await file.stat()).size
      if (seen === 0) return
      const { copiedTo, kept } = await this.#copyNewest(file, seen)
      await file.truncate(0)
      this.#base += copiedTo
      this.#previousFrom = kept === null ? null : this.#base - kept
      this.#lastSize = 0
    } finally {
      await file.close()
    }
  }

  /** Copies the newest bytes to `<name>.1`. Answers up to where it came, and how much was kept; null: nothing could be. */
  async #copyNewest(file: FileHandle, size: number): Promise<{ copiedTo: number; kept: number | null }> {
    const temporary = `${this.previousPath}.tmp`
    let position = Math.max(0, size - this.#keepBytes)
    let kept = 0
    try {
      const target = await open(temporary, 'w', 0o600)
      try {
        if (size < this.#keepBytes) kept += await copyEnd(this.previousPath, target, this.#keepBytes - size)
        // Goes on until nothing new has come, so that as little as possible is lost to the cut.
        const mostPosition = position + this.#keepBytes + copyChunkBytes
        const chunk = Buffer.allocUnsafe(copyChunkBytes)
        while (position < mostPosition) {
          const { bytesRead } = await file.read(chunk, 0, copyChunkBytes, position)
          if (bytesRead === 0) break
          await target.write(chunk, 0, bytesRead)
          position += bytesRead
          kept += bytesRead
        }
      } finally {
        await target.close()
      }
      await rename(temporary, this.previousPath)
      return { copiedTo: position, kept }
    } catch {
      await rm(temporary, { force: true }).catch(() => undefined)
      return { copiedTo: size, kept: null }
    }
  }
}

async function copyEnd(path: string, target: FileHandle, mostBytes: number): Promise<number> {
  const size = await fileSize(path)
  const bytes = await readPart(path, Math.max(0, size - mostBytes), mostBytes)
  await target.write(bytes)
  return bytes.length
}

async function fileSize(path: string): Promise<number> {
  const file = await openIfThere(path, 'r')
  if (file === null) return 0
  try {
    return (await file.stat()).size
  } finally {
    await file.close()
  }
}

/** Up to `mostBytes` of a file from `position`; nothing where it is missing or shorter. */
export async function readPart(path: string, position: number, mostBytes: number): Promise<Buffer> {
  if (mostBytes <= 0) return Buffer.alloc(0)
  const file = await openIfThere(path, 'r')
  if (file === null) return Buffer.alloc(0)
  try {
    const wanted = Math.min(mostBytes, Math.max(0, (await file.stat()).size - position))
    const bytes = Buffer.allocUnsafe(wanted)
    let filled = 0
    while (filled < wanted) {
      const { bytesRead } = await file.read(bytes, filled, wanted - filled, position + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return bytes.subarray(0, filled)
  } finally {
    await file.close()
  }
}

async function openIfThere(path: string, flags: 'r' | 'r+'): Promise<FileHandle | null> {
  try {
    return await open(path, flags)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}
