/**
 * One connection to a guest's agent. QEMU passes bytes on whoever asked for them, so every
 * connection, and every command after one that was given up, begins with `guest-sync-delimited`
 * and a random number: all that comes before its answer is dropped, and a late answer never
 * becomes another's. One command at a time.
 * Protocol: QEMU's docs/interop/qemu-ga-ref.
 */
import { randomInt } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { MayflyError } from '../../contract/errors.ts'
import { AgentReader } from './agent-reader.ts'
import { printable } from './printable.ts'

export interface AgentCallOptions {
  /** From when it is this command's turn. Default: ten seconds. */
  readonly timeoutMs?: number
  /** The longest answer that is taken. Default: one mebibyte. */
  readonly mostBytes?: number
  readonly signal?: AbortSignal | undefined
  /** The agent answers only where it fails (`guest-shutdown`): done when it is sent. */
  readonly isUnanswered?: boolean
}

interface Pending {
  readonly command: string
  readonly resolve: (value: unknown) => void
  readonly reject: (error: MayflyError) => void
}

const defaultTimeoutMs = 10_000
const defaultMostBytes = 1024 * 1024

export class AgentConnection {
  /** Resolves when the connection is over. */
  readonly closed: Promise<void>
  readonly #socket: Socket
  readonly #reader = new AgentReader()
  #needsSync = true
  #syncId: number | null = null
  #pending: Pending | null = null
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(socket: Socket) {
    this.#socket = socket
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#settle((pending) => pending.reject(new MayflyError('qmp-interrupted', `The connection to the guest agent ended during ${pending.command}; whether it was carried out is not known.`, { command: pending.command })))
        resolve()
      })
    })
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
  }

  /**
   * Connects and synchronizes. QEMU accepts connections also where no agent listens: then this
   * throws `timeout`. Throws `conflict` where QEMU does not listen, `cancelled` with `signal`.
   */
  static async open(socketPath: string, options: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined }): Promise<AgentConnection> {
    const socket = connect({ path: socketPath })
    const connection = new AgentConnection(socket)
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve)
        socket.once('error', (cause) => reject(new MayflyError('conflict', 'The agent port of the machine cannot be reached.', { state: 'unreachable', allowed: ['running'] }, { cause })))
      })
      socket.on('error', () => undefined)
      await connection.#inTurn('guest-sync-delimited', options, () => connection.#sync())
      return connection
    } catch (error) {
      socket.destroy()
      throw error
    }
  }

  /**
   * Carries out one command and answers with what it returned, unchecked. Throws `unsupported`
   * (the agent does not know or allow it), `qmp-failed` (it failed in the guest), `timeout`,
   * `cancelled`, `qmp-interrupted` (the connection ended, or the answer was no answer).
   */
  call(command: string, args: Readonly<Record<string, unknown>> = {}, options: AgentCallOptions = {}): Promise<unknown> {
    return this.#inTurn(command, options, async () => {
      if (this.#needsSync) await this.#sync()
      this.#reader.mostBytes = options.mostBytes ?? defaultMostBytes
      const text = `${JSON.stringify({ execute: command, arguments: args })}\n`
      if (options.isUnanswered === true) {
        this.#needsSync = true
        this.#socket.write(text)
        return undefined
      }
      return this.#ask(command, text)
    })
  }

  /** Ends the connection; a command under way is rejected. */
  close(): void {
    this.#socket.destroy()
  }

  /** Runs `work` when what came before is over, within its time. Giving up leaves the connection usable. */
  #inTurn<T>(command: string, options: AgentCallOptions, work: () => Promise<T>): Promise<T> {
    const timeoutMs = options.timeoutMs ?? defaultTimeoutMs
    const run = async (): Promise<T> => {
      if (options.signal?.aborted === true) throw cancelled(command)
      const giveUp = (error: MayflyError): void => {
        this.#needsSync = true
        this.#reader.discard()
        this.#settle((pending) => pending.reject(error))
      }
      const timer = setTimeout(() => giveUp(new MayflyError('timeout', `The guest agent did not answer ${command} within ${timeoutMs / 1000} s.`, { waitedMs: timeoutMs })), timeoutMs)
      const onAbort = (): void => giveUp(cancelled(command))
      options.signal?.addEventListener('abort', onAbort, { once: true })
      try {
        return await work()
      } finally {
        clearTimeout(timer)
        options.signal?.removeEventListener('abort', onAbort)
      }
    }
    const result = this.#turn.then(run)
    this.#turn = result.catch(() => undefined)
    return result
  }

  async #sync(): Promise<void> {
    const id = randomInt(1, 2 ** 47)
    this.#syncId = id
    this.#reader.mostBytes = defaultMostBytes
    this.#reader.discard()
    const request = Buffer.from(`${JSON.stringify({ execute: 'guest-sync-delimited', arguments: { id } })}\n`)
    // The agent forgets half a command of an earlier client at 0xFF, too.
    await this.#ask('guest-sync-delimited', Buffer.concat([Buffer.from([0xff]), request]))
    this.#needsSync = false
  }

  #ask(command: string, request: string | Buffer): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(new MayflyError('qmp-interrupted', `The connection to the guest agent has ended; ${command} was not sent.`, { command }))
        return
      }
      this.#pending = { command, resolve, reject }
      this.#socket.write(request)
    })
  }

  #receive(chunk: Buffer): void {
    for (const input of this.#reader.push(chunk)) {
      if (input.kind === 'oversized') this.#refuse('an answer that is too long')
      else if (this.#syncId !== null) this.#checkSync(input.text)
      else this.#answer(input.text)
    }
  }

  #checkSync(text: string): void {
    const answer = parse(text)
    if (answer === null || answer.return !== this.#syncId) {
      this.#reader.discard()
      return
    }
    this.#syncId = null
    this.#settle((pending) => pending.resolve(undefined))
  }

  #answer(text: string): void {
    const answer = parse(text)
    if (answer === null || !('return' in answer || 'error' in answer)) {
      this.#refuse('something that is not an answer')
      return
    }
    this.#settle((pending) => {
      if ('error' in answer) pending.reject(describeError(pending.command, answer.error))
      else pending.resolve(answer.return)
    })
  }

  #refuse(what: string): void {
    this.#needsSync = true
    this.#reader.discard()
    this.#settle((pending) => pending.reject(new MayflyError('qmp-interrupted', `The guest agent sent ${what} to ${pending.command}.`, { command: pending.command })))
  }

  #settle(how: (pending: Pending) => void): void {
    const pending = this.#pending
    this.#pending = null
    if (pending !== null) how(pending)
  }
}

function parse(text: string): { return?: unknown; error?: unknown } | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

function describeError(command: string, error: unknown): MayflyError {
  const { class: qmpClass, desc } = typeof error === 'object' && error !== null ? (error as { class?: unknown; desc?: unknown }) : {}
  const description = printable(typeof desc === 'string' ? desc : 'no reason given', 500)
  // Also the class of a command that the guest's owner has disabled.
  if (qmpClass === 'CommandNotFound') {
    return new MayflyError('unsupported', `The guest agent does not offer ${command}: ${description}`, { needs: command, have: description }, { next: 'Update the agent in the guest, or allow the command in its configuration.' })
  }
  return new MayflyError('qmp-failed', `The guest could not carry out ${command}: ${description}`, { command, qmpClass: printable(typeof qmpClass === 'string' ? qmpClass : 'unknown', 100), description })
}

function cancelled(command: string): MayflyError {
  return new MayflyError('cancelled', `Nobody waits for ${command} any more.`, {})
}
