/**
 * What a command wrote, kept in one file as frames in the order it came, so that it can be read from
 * the beginning at any time and by anybody, and followed while it grows. The file is bounded: what
 * comes after the bound is counted, not kept.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { encodeExecFrame, type ExecFrame, ExecFrameDecoder, execFrameHeaderBytes, maxExecFrameBytes } from '../../contract/exec-frame.ts'
import { readPart } from '../logs/capped-log.ts'
import { TextStream } from '../logs/utf8-text.ts'

export type OutputKind = 'stdout' | 'stderr'

export interface OutputPiece {
  readonly stream: OutputKind
  readonly text: string
  /** Bytes left out just before `text`. */
  readonly skippedBytes: number
}

/** Of each command; of both its outputs together. */
const mostKeptBytes = 64 * 1024 * 1024
/** So much may wait for the disk before the command waits too. */
const mostWaitingBytes = 1024 * 1024
const readAtOnceBytes = 2 * (maxExecFrameBytes + execFrameHeaderBytes)
const lastLineBytes = 2048
const mostLineCharacters = 300

export class CellOutput {
  readonly #path: string
  readonly #mostBytes: number
  #file: Promise<FileHandle> | null = null
  #writing: Promise<void> = Promise.resolve()
  #waitingBytes = 0
  #keptBytes = 0
  #droppedBytes = 0
  #isEnded: boolean
  #tail: Buffer = Buffer.alloc(0)
  #failure: Error | null = null
  readonly #followers = new Set<() => void>()

  /** `isEnded`: nothing will be added to what the file holds. */
  constructor(path: string, options: { readonly isEnded: boolean; readonly mostBytes?: number }) {
    this.#path = path
    this.#isEnded = options.isEnded
    this.#mostBytes = options.mostBytes ?? mostKeptBytes
  }

  /** Bytes that came after the bound. */
  get droppedBytes(): number {
    return this.#droppedBytes
  }

  /** Why not all of it could be written; null where it could. */
  get failure(): Error | null {
    return this.#failure
  }

  /** The last line that is not blank, for a list: short, and without control characters. */
  get lastLine(): string {
    const lines = this.#tail.toString('utf8').split(/[\r\n]+/)
    // Escape sequences first, so that nothing of them is left.
    const shown = lines.map((line) => line.replace(/\u{1b}(?:\[[0-?]*[ -/]*[@-~]|\][^\u{7}\u{1b}]*(?:\u{7}|\u{1b}\\)?|[@-Z\\^_])/gu, '').replace(/\p{Cc}/gu, ' ').trim())
    return (shown.findLast((line) => line !== '') ?? '').slice(0, mostLineCharacters)
  }

  /** Keeps what came. Resolves when there is room for more; a disk that is full costs the rest, never the command. */
  async take(kind: OutputKind, chunk: Buffer): Promise<void> {
    this.#tail = Buffer.concat([this.#tail, chunk.subarray(-lastLineBytes)]).subarray(-lastLineBytes)
    const kept = chunk.subarray(0, Math.max(0, this.#mostBytes - this.#keptBytes))
    this.#droppedBytes += chunk.length - kept.length
    this.#keptBytes += kept.length
    if (kept.length === 0 || this.#failure !== null) return
    const frames: Uint8Array[] = []
    for (let at = 0; at < kept.length; at += maxExecFrameBytes) frames.push(encodeExecFrame(kind, kept.subarray(at, at + maxExecFrameBytes)))
    const bytes = Buffer.concat(frames)
    this.#waitingBytes += bytes.length
    this.#writing = this.#writing.then(() => this.#write(bytes))
    if (this.#waitingBytes > mostWaitingBytes) await this.#writing
  }

  /** Nothing more will come. Resolves when all is written. */
  async end(): Promise<void> {
    if (this.#isEnded) return
    await this.#writing
    this.#isEnded = true
    // A file that could not be opened has told so.
    await this.#file?.then((file) => file.close(), () => undefined)
    for (const follower of this.#followers) follower()
  }

  /** The frames kept so far, then those that come, until the end or until `signal` aborts. */
  async *frames(signal?: AbortSignal, from = 0): AsyncGenerator<ExecFrame, void, undefined> {
    let offset = from
    while (signal?.aborted !== true) {
      const isEnded = this.#isEnded
      const grown = this.#growth(signal)
      try {
        const frames = new ExecFrameDecoder().push(await readPart(this.#path, offset, readAtOnceBytes))
        for (const frame of frames) {
          offset += execFrameHeaderBytes + frame.payload.length
          yield frame
        }
        // What was cut off by a crash in the middle of a frame is nothing.
        if (frames.length === 0 && isEnded) return
        if (frames.length === 0) await grown.rings
      } finally {
        grown.forget()
      }
    }
  }

  /** As text, beginning with about the last `tailBytes`. */
  async *follow(tailBytes: number, signal?: AbortSignal): AsyncGenerator<OutputPiece, void, undefined> {
    const { offset, skippedBytes } = await this.#tailStart(tailBytes)
    const decoders: Record<OutputKind, TextStream> = { stdout: new TextStream(), stderr: new TextStream() }
    if (skippedBytes > 0) yield { stream: 'stdout', text: '', skippedBytes }
    for await (const { kind, payload } of this.frames(signal, offset)) {
      if (kind !== 'stdout' && kind !== 'stderr') continue
      const text = decoders[kind].push(payload)
      if (text !== '') yield { stream: kind, text, skippedBytes: 0 }
    }
    for (const stream of ['stdout', 'stderr'] as const) {
      const text = decoders[stream].end()
      if (text !== '') yield { stream, text, skippedBytes: 0 }
    }
    if (this.#droppedBytes > 0) yield { stream: 'stdout', text: '', skippedBytes: this.#droppedBytes }
  }

  async #write(bytes: Buffer): Promise<void> {
    try {
      this.#file ??= open(this.#path, 'a', 0o600)
      await (await this.#file).appendFile(bytes)
    } catch (error) {
      this.#file?.catch(() => undefined)
      this.#failure ??= error instanceof Error ? error : new Error(String(error))
    }
    this.#waitingBytes -= bytes.length
    for (const follower of this.#followers) follower()
  }

  #growth(signal: AbortSignal | undefined): { readonly rings: Promise<void>; forget(): void } {
    let ring: () => void = () => undefined
    const rings = new Promise<void>((resolve) => {
      ring = resolve
    })
    this.#followers.add(ring)
    signal?.addEventListener('abort', ring)
    return {
      rings,
      forget: () => {
        this.#followers.delete(ring)
        signal?.removeEventListener('abort', ring)
      },
    }
  }

  /** Where the frame begins from which on there are no more than `tailBytes`. */
  async #tailStart(tailBytes: number): Promise<{ offset: number; skippedBytes: number }> {
    let starts: { offset: number; before: number }[] = []
    let [offset, total] = [0, 0]
    for (;;) {
      const frames = new ExecFrameDecoder().push(await readPart(this.#path, offset, readAtOnceBytes))
      if (frames.length === 0) break
      for (const { payload } of frames) {
        starts.push({ offset, before: total })
        offset += execFrameHeaderBytes + payload.length
        total += payload.length
      }
      // A command may have written byte by byte.
      starts = starts.filter(({ before }) => total - before <= tailBytes)
    }
    if (total <= tailBytes) return { offset: 0, skippedBytes: 0 }
    const [start] = starts
    return start === undefined ? { offset, skippedBytes: total } : { offset: start.offset, skippedBytes: start.before }
  }
}
