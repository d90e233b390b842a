/**
 * A command running in a guest as one byte stream of contract/exec-frame.ts, for a client that
 * may be slow, may stop reading, and may vanish: then the command is ended too. Flow control
 * reaches the command in both directions.
 */
import { once } from 'node:events'
import { Duplex, type Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { MayflyError, isMayflyError, toErrorRecord } from '../../contract/errors.ts'
import { encodeExecFrame, type ExecFrame, ExecFrameDecoder, maxExecFrameBytes } from '../../contract/exec-frame.ts'
import type { ExecSession } from './exec/exec-session.ts'
import { isLinuxSignal } from './exec/linux-signals.ts'

/** How long a command may take to end after the hang-up of its client. */
const hangupGraceMs = 2_000
/**
 * Input that the command has not taken yet and that does not hold up what follows it: a signal
 * sent after so much unread input still arrives.
 */
const mostWaitingInputBytes = 256 * 1024

export interface ExecStreamOptions {
  /** Logs an error nobody expected and answers with the reference of its entry. */
  readonly reportBug: (error: unknown, doing: string) => string
}

/**
 * The stream of one session, which it takes over. Ends after the frame `exit` or `error`.
 * Destroying it before that hangs the command up, then kills it.
 */
export class ExecStream extends Duplex {
  readonly #session: ExecSession
  readonly #options: ExecStreamOptions
  readonly #decoder = new ExecFrameDecoder()
  #isOver = false

  constructor(session: ExecSession, options: ExecStreamOptions) {
    super({ allowHalfOpen: true })
    this.#session = session
    this.#options = options
    this.#forward(session.stdout, 'stdout')
    this.#forward(session.stderr, 'stderr')
    void this.#finishAfterCommand()
  }

  override _read(): void {
    this.#session.stdout.resume()
    this.#session.stderr.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    void this.#accept(chunk, callback)
  }

  /** The client sends no more: no more input. */
  override _final(callback: (error?: Error | null) => void): void {
    this.#session.stdin.end()
    callback()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.#isOver) this.#hangUp()
    callback(error)
  }

  #forward(source: Readable, kind: 'stdout' | 'stderr'): void {
    source.on('data', (chunk: Buffer) => {
      let wantsMore = true
      for (let at = 0; at < chunk.length; at += maxExecFrameBytes) wantsMore = this.push(encodeExecFrame(kind, chunk.subarray(at, at + maxExecFrameBytes)))
      if (wantsMore) return
      this.#session.stdout.pause()
      this.#session.stderr.pause()
    })
  }

  async #finishAfterCommand(): Promise<void> {
    const { stdout, stderr, exited } = this.#session
    let last: Uint8Array
    try {
      const exit = await exited
      await Promise.all([finished(stdout, { writable: false }), finished(stderr, { writable: false })])
      last = frameOfJson('exit', exit)
    } catch (error) {
      last = frameOfJson('error', toErrorRecord(this.#describe(error)))
    }
    this.#isOver = true
    if (this.destroyed) return
    this.push(last)
    this.push(null)
  }

  #describe(error: unknown): MayflyError {
    if (isMayflyError(error)) return error
    const reference = this.#options.reportBug(error, 'running a command in a guest')
    return new MayflyError('bug', `The command failed for a reason Mayfly did not expect. The engine's log has it as ${reference}.`, { reference }, { cause: error })
  }

  async #accept(chunk: Buffer, done: (error?: Error | null) => void): Promise<void> {
    let frames: ExecFrame[]
    try {
      frames = this.#decoder.push(chunk)
    } catch (cause) {
      const message = 'The client sent something that is not an exec frame.'
      done(new MayflyError('invalid-input', message, { issues: [{ path: '', message }] }, { cause }))
      return
    }
    for (const frame of frames) await this.#obey(frame)
    done()
  }

  async #obey({ kind, payload }: ExecFrame): Promise<void> {
    const { stdin } = this.#session
    if (this.#isOver) return
    switch (kind) {
      case 'stdin':
        if (payload.length === 0) stdin.end()
        else await this.#feed(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength))
        return
      case 'signal': {
        const name = Buffer.from(payload).toString('latin1')
        if (isLinuxSignal(name)) this.#session.signal(name)
        return
      }
      case 'resize': {
        if (payload.length !== 4) return
        const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
        this.#session.resize(view.getUint16(2), view.getUint16(0))
        return
      }
      case 'stdout':
      case 'stderr':
      case 'exit':
      case 'error':
      case 'cell':
        // Only ever sent to the client.
        return
    }
  }

  /** Gives input on; waits while the command takes none. A command that reads no more loses it, as with any pipe. */
  async #feed(input: Buffer): Promise<void> {
    const { stdin } = this.#session
    if (stdin.destroyed || stdin.writableEnded) return
    stdin.write(input)
    if (stdin.writableLength <= mostWaitingInputBytes) return
    const over = new AbortController()
    const { signal } = over
    try {
      await Promise.race([once(stdin, 'drain', { signal }), once(stdin, 'close', { signal }), once(this, 'close', { signal })])
    } catch {
      // The command reads no more; what ended it is told by its exit.
    } finally {
      over.abort()
    }
  }

  #hangUp(): void {
    const { stdin, stdout, stderr } = this.#session
    // Nobody reads any more; a command that waits for its reader could not end.
    for (const stream of [stdin, stdout, stderr]) stream.destroy()
    this.#session.signal('SIGHUP')
    const kill = setTimeout(() => this.#session.signal('SIGKILL'), hangupGraceMs)
    const settle = (): void => clearTimeout(kill)
    this.#session.exited.then(settle, settle)
  }
}

function frameOfJson(kind: 'exit' | 'error', value: unknown): Uint8Array {
  return encodeExecFrame(kind, Buffer.from(JSON.stringify(value)))
}
