/** Both ends of one running command: frames to and from the engine, streams and signals of this process. */
import type { Duplex } from 'node:stream'
import type { ErrorRecord } from '../../contract/errors.ts'
import { MayflyError } from '../../contract/errors.ts'
import { encodeExecFrame, type ExecFrame, ExecFrameDecoder, maxExecFrameBytes } from '../../contract/exec-frame.ts'
import { recordedError } from './failure.ts'
import { type Io, tell, writeOut } from './io.ts'
import { terminalSize } from './style.ts'

export interface ExecOutcome {
  readonly exitStatus: number | null
  readonly signal: string | null
}

interface ExecSessionOptions {
  readonly tty: boolean
  /** Where false, the command's stdin ends at once. */
  readonly readsStdin: boolean
  /** Said where the user does not wait for the command any more. */
  readonly whenLeft?: string
}

/** In raw mode Ctrl-C is a byte for the guest's terminal, so these come from elsewhere. */
const passedOn = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const
/** So many Ctrl-C in a row, with nothing heard from the command, leave a guest that does not react. */
const impatience = 3
/** How long a command may take to end after it was told to. */
const reactWithinMs = 10_000

export class ExecSession {
  readonly #stream: Duplex
  readonly #io: Io
  readonly #options: ExecSessionOptions
  #interrupts = 0

  constructor(stream: Duplex, io: Io, options: ExecSessionOptions) {
    this.#stream = stream
    this.#io = io
    this.#options = options
  }

  /** How the command ended. Throws what the engine says went wrong, and `host-unavailable` where the connection breaks. */
  async run(): Promise<ExecOutcome> {
    const { stdin, stdout } = this.#io
    let timer: NodeJS.Timeout | undefined
    let leave: (error: Error) => void = () => undefined
    const left = new Promise<never>((_, reject) => {
      leave = reject
    })
    const handlers = passedOn.map((signal) => [signal, () => {
      if (signal === 'SIGINT' && ++this.#interrupts >= impatience) return leave(new MayflyError('cancelled', this.#options.whenLeft ?? 'Left. The command may still run in the guest.', {}))
      if (signal === 'SIGINT' && this.#interrupts === impatience - 1) tell(this.#io, 'The command has not answered; Ctrl-C once more leaves it.')
      this.#send('signal', Buffer.from(signal, 'ascii'))
      // Who sends these means this process too: a guest that cannot react must not keep it.
      if (signal === 'SIGTERM' || signal === 'SIGHUP') timer ??= setTimeout(() => leave(new MayflyError('cancelled', this.#options.whenLeft ?? 'Left, because the guest did not react to the signal. The command may still run in it.', {})), reactWithinMs)
    }] as const)
    for (const [signal, handler] of handlers) process.on(signal, handler)
    const onResize = (): void => this.#sendSize()
    if (this.#options.tty) stdout.on('resize', onResize)
    const onData = (chunk: Buffer | string): void => this.#sendInput(Buffer.from(chunk as Buffer))
    const onEnd = (): void => this.#send('stdin', new Uint8Array())
    const goOn = (): void => void stdin.resume()
    this.#stream.on('drain', goOn)
    // The reading side tells what broke.
    this.#stream.on('error', () => undefined)
    if (this.#options.readsStdin) {
      stdin.on('data', onData)
      stdin.once('end', onEnd)
      stdin.once('error', onEnd)
    } else {
      onEnd()
    }
    try {
      return await Promise.race([this.#receive(), left])
    } finally {
      clearTimeout(timer)
      for (const [signal, handler] of handlers) process.off(signal, handler)
      stdout.off('resize', onResize)
      this.#stream.off('drain', goOn)
      stdin.off('data', onData)
      stdin.off('end', onEnd)
      stdin.off('error', onEnd)
      stdin.pause()
    }
  }

  async #receive(): Promise<ExecOutcome> {
    const decoder = new ExecFrameDecoder()
    let broken: unknown
    try {
      for await (const chunk of this.#stream as AsyncIterable<Buffer>) {
        for (const frame of decoder.push(chunk)) {
          const outcome = await this.#take(frame)
          if (outcome !== undefined) return outcome
        }
      }
    } catch (error) {
      if (error instanceof MayflyError) throw error
      broken = error
    }
    throw new MayflyError('host-unavailable', 'The connection to the engine ended before the command did; it may still run in the guest.', { check: 'engine' }, broken === undefined ? {} : { cause: broken })
  }

  async #take({ kind, payload }: ExecFrame): Promise<ExecOutcome | undefined> {
    switch (kind) {
      case 'stdout':
      case 'stderr':
        this.#interrupts = 0
        await writeOut(kind === 'stdout' ? this.#io.stdout : this.#io.stderr, payload)
        return undefined
      case 'exit':
        return JSON.parse(Buffer.from(payload).toString('utf8')) as ExecOutcome
      case 'error':
        throw recordedError(JSON.parse(Buffer.from(payload).toString('utf8')) as ErrorRecord)
      case 'stdin':
      case 'signal':
      case 'resize':
      case 'cell':
        return undefined
    }
  }

  #sendInput(bytes: Buffer): void {
    for (let start = 0; start < bytes.length; start += maxExecFrameBytes) this.#send('stdin', bytes.subarray(start, start + maxExecFrameBytes))
    if (this.#stream.writableNeedDrain) this.#io.stdin.pause()
  }

  #sendSize(): void {
    const size = Buffer.alloc(4)
    const { columns, rows } = terminalSize(this.#io.stdout)
    size.writeUInt16BE(columns, 0)
    size.writeUInt16BE(rows, 2)
    this.#send('resize', size)
  }

  #send(kind: ExecFrame['kind'], payload: Uint8Array): void {
    if (this.#stream.writable) this.#stream.write(encodeExecFrame(kind, payload))
  }
}
