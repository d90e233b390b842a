/**
 * The byte stream of whoever started a run and waits for it: output as it comes, at the pace of its
 * reader, and signals and input the other way. The run belongs to it: when it breaks before the
 * end, the run ends too.
 */
import { once } from 'node:events'
import { Duplex, PassThrough } from 'node:stream'
import type { ErrorRecord } from '../../contract/errors.ts'
import { MayflyError } from '../../contract/errors.ts'
import { encodeExecFrame, type ExecFrame, ExecFrameDecoder, maxExecFrameBytes } from '../../contract/exec-frame.ts'
import type { ExecSession } from '../guest/exec/exec-session.ts'
import { isLinuxSignal, type LinuxSignal } from '../guest/exec/linux-signals.ts'
import type { OutputKind } from './cell-output.ts'

/** Input that the command has not taken yet and that does not hold up a signal sent after it. */
const mostWaitingInputBytes = 256 * 1024

export type CellEnd = { readonly kind: 'exit'; readonly exitStatus: number | null; readonly signal: string | null } | { readonly kind: 'error'; readonly error: ErrorRecord }

export interface OwnerStreamOptions {
  /** Whether it tells of one command alone, and feeds it. */
  readonly single: boolean
  readonly onSignal: (signal: LinuxSignal) => void
  /** It broke before the run's end. */
  readonly onBroken: () => void
}

export class OwnerStream extends Duplex {
  readonly #options: OwnerStreamOptions
  readonly #decoder = new ExecFrameDecoder()
  readonly #input = new PassThrough({ highWaterMark: mostWaitingInputBytes })
  #lastCell: number | null = null
  #isOver = false
  #room: Promise<void> | null = null
  #makeRoom: () => void = () => undefined

  constructor(options: OwnerStreamOptions) {
    super({ allowHalfOpen: true })
    this.#options = options
    this.#input.on('error', () => undefined)
    if (!options.single) this.#input.resume()
    this.on('error', () => undefined)
  }

  /** Output of a cell's command. Resolves when the reader can take more, or is gone. */
  async deliver(cell: number, kind: OutputKind, chunk: Buffer): Promise<void> {
    if (this.destroyed || this.#isOver) return
    if (!this.#options.single && cell !== this.#lastCell) this.push(encodeExecFrame('cell', Buffer.from(JSON.stringify({ cell }))))
    this.#lastCell = cell
    let wantsMore = true
    for (let at = 0; at < chunk.length; at += maxExecFrameBytes) wantsMore = this.push(encodeExecFrame(kind, chunk.subarray(at, at + maxExecFrameBytes)))
    if (wantsMore) return
    this.#room ??= new Promise((resolve) => {
      this.#makeRoom = () => {
        this.#room = null
        resolve()
      }
    })
    await this.#room
  }

  /** What the client sends becomes the command's input. */
  feed(session: ExecSession): void {
    const { stdin } = session
    // A command that reads no more loses what comes, as with any pipe.
    stdin.once('close', () => {
      this.#input.unpipe(stdin)
      this.#input.resume()
    })
    this.#input.pipe(stdin)
  }

  /** Tells how it ended, and ends. */
  finish(end: CellEnd): void {
    if (this.#isOver) return
    this.#isOver = true
    if (this.destroyed) return
    const { kind, ...rest } = end
    this.push(encodeExecFrame(kind, Buffer.from(JSON.stringify(kind === 'error' ? end.error : rest))))
    this.push(null)
  }

  override _read(): void {
    this.#makeRoom()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    let frames: ExecFrame[]
    try {
      frames = this.#decoder.push(chunk)
    } catch (cause) {
      const message = 'The client sent something that is not an exec frame.'
      callback(new MayflyError('invalid-input', message, { issues: [{ path: '', message }] }, { cause }))
      return
    }
    void this.#obey(frames).then(() => callback(), callback)
  }

  /** The end of input has a frame of its own: a client that closes its side is gone, and a killed one does no more than that. */
  override _final(callback: (error?: Error | null) => void): void {
    callback()
    this.destroy()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#makeRoom()
    this.#input.destroy()
    if (!this.#isOver) {
      this.#isOver = true
      this.#options.onBroken()
    }
    callback(error)
  }

  async #obey(frames: readonly ExecFrame[]): Promise<void> {
    for (const { kind, payload } of frames) {
      if (kind === 'stdin') await this.#take(payload)
      if (kind !== 'signal') continue
      const name = Buffer.from(payload).toString('latin1')
      if (isLinuxSignal(name)) this.#options.onSignal(name)
    }
  }

  async #take(payload: Uint8Array): Promise<void> {
    if (this.#input.writableEnded || this.#input.destroyed) return
    if (payload.length === 0) {
      this.#input.end()
      return
    }
    if (this.#input.write(Buffer.from(payload))) return
    const over = new AbortController()
    try {
      await Promise.race([once(this.#input, 'drain', { signal: over.signal }), once(this.#input, 'close', { signal: over.signal })])
    } finally {
      over.abort()
    }
  }
}
