/**
 * `mayfly console`: the serial port of a machine at this terminal, or between pipes. Bytes pass
 * unchanged in both directions; only Ctrl-] is ours, and only at a terminal.
 */
import type { Duplex } from 'node:stream'
import { type CommandContext, type Io, tell, writeOut } from '../io.ts'
import { takeTerminal } from '../raw-terminal.ts'
import { safeLine } from '../safe-text.ts'

const leaveByte = 0x1d

/** Exit status 0: left, or the machine ended. */
export async function consoleCommand({ call, io, connection }: CommandContext): Promise<number> {
  const machine = String(call.input['machine'])
  const { ticket } = await connection.client.console.open({ ...call.input, machine, kind: 'serial' })
  const stream = await connection.openStream(ticket)
  const idleMs = Number(call.options['idle'] ?? 2000)
  const atTerminal = io.stdin.isTTY === true
  if (atTerminal && !call.globals.quiet) tell(io, `Serial console of ${safeLine(machine)}. Ctrl-] leaves.`)
  const giveBack = takeTerminal(io)
  const session = new ConsoleSession(stream, io, atTerminal ? undefined : idleMs)
  let outcome: 'left' | 'ended'
  try {
    outcome = await session.run()
  } finally {
    giveBack()
    stream.destroy()
  }
  if (atTerminal && !call.globals.quiet) tell(io, outcome === 'left' ? '\nLeft; the machine goes on.' : '\nThe console ended.')
  return 0
}

/** Carries bytes until one side has had enough. */
class ConsoleSession {
  readonly #stream: Duplex
  readonly #io: Io
  /** Without a terminal: how long the guest may be silent once stdin has ended. */
  readonly #idleMs: number | undefined
  #idle: NodeJS.Timeout | undefined
  #inputEnded = false
  #finish: (outcome: 'left' | 'ended') => void = () => undefined

  constructor(stream: Duplex, io: Io, idleMs: number | undefined) {
    this.#stream = stream
    this.#io = io
    this.#idleMs = idleMs
  }

  async run(): Promise<'left' | 'ended'> {
    const left = new Promise<'left' | 'ended'>((resolve) => {
      this.#finish = resolve
    })
    const { stdin } = this.#io
    const onData = (chunk: Buffer | string): void => this.#send(Buffer.from(chunk as Buffer))
    const onEnd = (): void => {
      this.#inputEnded = true
      this.#waitForSilence()
    }
    const goOn = (): void => void stdin.resume()
    stdin.on('data', onData)
    stdin.once('end', onEnd)
    stdin.once('error', onEnd)
    this.#stream.on('drain', goOn)
    try {
      return await Promise.race([left, this.#receive()])
    } finally {
      clearTimeout(this.#idle)
      stdin.off('data', onData)
      stdin.off('end', onEnd)
      stdin.off('error', onEnd)
      this.#stream.off('drain', goOn)
      stdin.pause()
    }
  }

  #send(bytes: Buffer): void {
    const leave = this.#idleMs === undefined ? bytes.indexOf(leaveByte) : -1
    const meant = leave === -1 ? bytes : bytes.subarray(0, leave)
    if (meant.length > 0 && this.#stream.writable && !this.#stream.write(meant)) this.#io.stdin.pause()
    if (leave !== -1) this.#finish('left')
  }

  async #receive(): Promise<'ended'> {
    try {
      for await (const chunk of this.#stream as AsyncIterable<Buffer>) {
        await writeOut(this.#io.stdout, chunk)
        if (this.#inputEnded) this.#waitForSilence()
      }
    } catch {
      // A console that breaks off has ended; the machine's own state says why.
    }
    return 'ended'
  }

  #waitForSilence(): void {
    clearTimeout(this.#idle)
    if (this.#idleMs !== undefined) this.#idle = setTimeout(() => this.#finish('left'), this.#idleMs)
  }
}
