/** A cell's command for somebody whom it does not depend on: what was kept of its output, from the beginning and as it grows, then how it ended; signals go the other way. */
import { Duplex } from 'node:stream'
import { MayflyError, toErrorRecord } from '../../contract/errors.ts'
import { encodeExecFrame, type ExecFrame, ExecFrameDecoder } from '../../contract/exec-frame.ts'
import type { RunCell } from '../../contract/run.ts'
import { isLinuxSignal, type LinuxSignal } from '../guest/exec/linux-signals.ts'
import type { CellOutput } from './cell-output.ts'

export interface AttachedStreamOptions {
  readonly output: CellOutput
  readonly onSignal: (signal: LinuxSignal) => void
  /** The cell, asked for when its output has ended. */
  readonly outcome: () => RunCell
  /** Resolves when the run is over. */
  readonly whenOver: Promise<void>
}

export class AttachedStream extends Duplex {
  readonly #options: AttachedStreamOptions
  readonly #decoder = new ExecFrameDecoder()
  readonly #gone = new AbortController()
  readonly #frames: AsyncGenerator<Uint8Array, void, undefined>
  #isReading = false

  constructor(options: AttachedStreamOptions) {
    super({ allowHalfOpen: true })
    this.#options = options
    this.#frames = this.#read()
    this.on('error', () => undefined)
  }

  override _read(): void {
    if (this.#isReading) return
    this.#isReading = true
    void this.#pump()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    try {
      for (const { kind, payload } of this.#decoder.push(chunk)) {
        const name = kind === 'signal' ? Buffer.from(payload).toString('latin1') : ''
        if (isLinuxSignal(name)) this.#options.onSignal(name)
      }
      callback()
    } catch (cause) {
      const message = 'The client sent something that is not an exec frame.'
      callback(new MayflyError('invalid-input', message, { issues: [{ path: '', message }] }, { cause }))
    }
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#gone.abort()
    callback(error)
  }

  async #pump(): Promise<void> {
    try {
      for (;;) {
        const next = await this.#frames.next()
        if (this.destroyed) return
        if (next.done === true) {
          this.push(null)
          return
        }
        if (this.push(next.value)) continue
        this.#isReading = false
        return
      }
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)))
    }
  }

  async *#read(): AsyncGenerator<Uint8Array, void, undefined> {
    const { output, outcome, whenOver } = this.#options
    for await (const frame of output.frames(this.#gone.signal)) yield encodeFrame(frame)
    await whenEnded(outcome, whenOver)
    const cell = outcome()
    if (cell.exitStatus !== null || cell.signal !== null) yield encodeExecFrame('exit', Buffer.from(JSON.stringify({ exitStatus: cell.exitStatus, signal: cell.signal })))
    else yield encodeExecFrame('error', Buffer.from(JSON.stringify(toErrorRecord(new MayflyError('cancelled', cell.reason ?? 'The run ended.', {})))))
  }
}

function encodeFrame({ kind, payload }: ExecFrame): Uint8Array {
  return encodeExecFrame(kind, payload)
}

/** A cell's outcome is told a moment after its output has ended. */
async function whenEnded(outcome: () => RunCell, whenOver: Promise<void>): Promise<void> {
  const isOpen = (): boolean => ['waiting', 'starting', 'running'].includes(outcome().state)
  let isOver = false
  void whenOver.then(() => {
    isOver = true
  })
  while (isOpen() && !isOver) await Promise.race([whenOver, new Promise((resolve) => setTimeout(resolve, 20))])
}
