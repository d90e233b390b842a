/**
 * Runs commands in a guest through `mayfly-exec`, over any byte stream to its port. One client
 * owns one connection; every session ends with it. The guest is not trusted: what it sends
 * that is not by the protocol ends the connection.
 */
import type { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { MayflyError } from '../../../contract/errors.ts'
import { ActiveSession, type ExecSession, outputWindowBytes } from './exec-session.ts'
import { encodeExec, encodeFrame, encodeHello, encodeTime, type Frame, FrameReader, frameTypes, MalformedFrameError, maxPayloadBytes, nonceBytes, numberAt, oldestProtocolVersion, protocolVersion, streams, welcomePrefix } from './protocol.ts'
import { awaitWelcome } from './welcome.ts'

export interface ExecRequest {
  /** Program and arguments. A name without a slash is looked up in the guest's PATH. */
  readonly argv: readonly [string, ...string[]]
  /** Added to the user's basic environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Default: the user's home. */
  readonly cwd?: string
  /** Name or number; default root. */
  readonly user?: string
  /** Run in a terminal of this size. */
  readonly pty?: { readonly rows: number; readonly columns: number }
}

export type ExecConnection =
  | { readonly kind: 'connected'; readonly client: ExecClient }
  /** Nothing answered in time: use the plain agent. The stream has been destroyed. */
  | { readonly kind: 'absent'; readonly waitedMs: number }
  /** A helper of another version answered. The stream has been destroyed. */
  | { readonly kind: 'incompatible'; readonly version: number }

interface ConnectOptions {
  /** How long to wait for the helper's answer. A healthy one needs a few milliseconds. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

interface PendingStart {
  readonly request: ExecRequest
  readonly resolve: (session: ActiveSession) => void
  readonly reject: (error: MayflyError) => void
}

/**
 * Says HELLO over a fresh connection and waits for the answer. Takes the stream over: it is
 * destroyed with the client, and at once where there is none. Throws `cancelled`, and
 * `qmp-interrupted` when the stream ends first.
 */
export async function connectExec(stream: Duplex, options: ConnectOptions): Promise<ExecConnection> {
  const nonce = randomBytes(nonceBytes)
  stream.write(encodeHello(nonce))
  const welcome = await awaitWelcome(stream, welcomePrefix(nonce), options)
  if (welcome === null) return { kind: 'absent', waitedMs: options.timeoutMs }
  if (welcome.version < oldestProtocolVersion || welcome.version > protocolVersion) {
    stream.destroy()
    return { kind: 'incompatible', version: welcome.version }
  }
  return { kind: 'connected', client: new ExecClient(stream, welcome.rest, welcome.version) }
}

export class ExecClient {
  readonly #stream: Duplex
  readonly #version: number
  readonly #reader = new FrameReader()
  readonly #starting = new Map<number, PendingStart>()
  readonly #sessions = new Map<number, ActiveSession>()
  readonly #pings: { readonly resolve: () => void; readonly reject: (error: MayflyError) => void }[] = []
  #nextSession = 1
  #lost: MayflyError | null = null

  /** For `connectExec`: a stream that has been welcomed, and what came after the welcome. */
  constructor(stream: Duplex, rest: Buffer, version: number = protocolVersion) {
    this.#stream = stream
    this.#version = version
    stream.on('data', (chunk: Buffer) => this.#receive(chunk))
    stream.on('error', () => undefined)
    stream.on('close', () => this.#fail(connectionLost('The connection to the guest ended; whether its commands went on is not known.')))
    this.#receive(rest)
    stream.resume()
  }

  /** Null while the connection stands. */
  get lost(): MayflyError | null {
    return this.#lost
  }

  /**
   * Starts a command; resolves when the program runs. Aborting ends the command (SIGHUP, then
   * SIGKILL after two seconds) and rejects `exited` with `cancelled`.
   * Throws `not-found` (no such program, user or directory), `invalid-input` (too long, or a
   * NUL), `unsupported` (the guest's kernel refused), `in-use` (too many sessions at once),
   * `cancelled`, `qmp-interrupted`.
   */
  async exec(request: ExecRequest, options: { readonly signal?: AbortSignal } = {}): Promise<ExecSession> {
    const payload = encodeRequest(request)
    if (options.signal?.aborted === true) throw cancelled()
    if (this.#lost !== null) throw this.#lost
    const id = this.#nextSession++
    const abort = (): void => this.#abandon(id)
    options.signal?.addEventListener('abort', abort, { once: true })
    const release = (): void => options.signal?.removeEventListener('abort', abort)
    try {
      const session = await new Promise<ActiveSession>((resolve, reject) => {
        this.#starting.set(id, { request, resolve, reject })
        this.#send(frameTypes.exec, id, payload)
      })
      session.exited.then(release, release)
      return session
    } catch (error) {
      release()
      throw error
    }
  }

  /** Sets the guest's clock before any command that is started from now on. False where the helper is too old for it. */
  setTime(epochMs: number): boolean {
    if (this.#version < 2 || this.#lost !== null) return false
    this.#send(frameTypes.time, 0, encodeTime(epochMs))
    return true
  }

  /** Resolves when the helper has answered everything sent before. */
  async ping(): Promise<void> {
    if (this.#lost !== null) throw this.#lost
    await new Promise<void>((resolve, reject) => {
      this.#pings.push({ resolve, reject })
      this.#send(frameTypes.ping, 0)
    })
  }

  /** Ends the connection; commands that still run are ended in the guest. */
  close(): void {
    this.#fail(cancelled())
  }

  #send(type: number, session: number, payload?: Uint8Array): void {
    if (this.#lost === null) this.#stream.write(encodeFrame(type, session, payload))
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.push(chunk)) {
        if (this.#lost !== null) return
        this.#handle(frame)
      }
    } catch (error) {
      if (!(error instanceof MalformedFrameError)) throw error
      this.#fail(connectionLost('The guest\'s exec helper sent something that is not its protocol, so the connection was ended.'))
    }
  }

  #handle(frame: Frame): void {
    const session = this.#sessions.get(frame.session)
    switch (frame.type) {
      case frameTypes.started:
        this.#started(frame.session, numberAt(frame.payload, 0), numberAt(frame.payload, 1))
        return
      case frameTypes.error:
        this.#refused(frame.session, numberAt(frame.payload, 0), frame.payload.toString('utf8', 4))
        return
      case frameTypes.stdout:
        if (session?.deliver(session.stdout, frame.payload) === false) throw new MalformedFrameError()
        return
      case frameTypes.stderr:
        if (session?.deliver(session.stderr, frame.payload) === false) throw new MalformedFrameError()
        return
      case frameTypes.stdinClosed:
        session?.stdin.destroy()
        return
      case frameTypes.credit:
        if (numberAt(frame.payload, 0) === streams.stdin) session?.stdin.grant(numberAt(frame.payload, 1))
        return
      case frameTypes.exit:
        this.#sessions.delete(frame.session)
        session?.finish(numberAt(frame.payload, 0), numberAt(frame.payload, 1))
        return
      case frameTypes.pong:
        this.#pings.shift()?.resolve()
        return
      case frameTypes.desync:
        this.#fail(connectionLost('The guest\'s exec helper was restarted; its commands have been ended.'))
        return
      default:
        throw new MalformedFrameError()
    }
  }

  #started(id: number, pid: number, stdinCredit: number): void {
    const start = this.#starting.get(id)
    if (start === undefined) return
    this.#starting.delete(id)
    const session = new ActiveSession((type, payload) => this.#send(type, id, payload), pid, stdinCredit)
    this.#sessions.set(id, session)
    start.resolve(session)
  }

  #refused(id: number, errno: number, step: string): void {
    const start = this.#starting.get(id)
    this.#starting.delete(id)
    start?.reject(startError(start.request, errno, step))
    const session = this.#sessions.get(id)
    this.#sessions.delete(id)
    session?.fail(connectionLost(`The guest's exec helper gave up the command (${step}).`))
  }

  #abandon(id: number): void {
    this.#send(frameTypes.close, id)
    const start = this.#starting.get(id)
    const session = this.#sessions.get(id)
    this.#starting.delete(id)
    this.#sessions.delete(id)
    start?.reject(cancelled())
    session?.fail(cancelled())
  }

  #fail(error: MayflyError): void {
    if (this.#lost !== null) return
    this.#lost = error
    for (const start of this.#starting.values()) start.reject(error)
    for (const session of this.#sessions.values()) session.fail(error)
    for (const ping of this.#pings) ping.reject(error)
    this.#starting.clear()
    this.#sessions.clear()
    this.#pings.length = 0
    this.#stream.destroy()
  }
}

function encodeRequest(request: ExecRequest): Buffer {
  const env = Object.entries(request.env ?? {})
  const texts = [...request.argv, ...env.flat(), request.cwd ?? '', request.user ?? '']
  const badName = env.some(([name]) => name === '' || name.includes('='))
  if (request.argv[0] === '' || badName || texts.some((text) => text.includes('\0'))) {
    throw invalidRequest('A command, its arguments and its environment may not be empty or contain NUL, and a variable\'s name may not contain "=".')
  }
  if (request.argv.length > 0xffff || env.length > 0xffff) throw invalidRequest('The command has too many arguments or variables.')
  const payload = encodeExec({
    argv: request.argv,
    env: env.map(([name, value]) => `${name}=${value}`),
    cwd: request.cwd ?? '',
    user: request.user ?? '',
    pty: request.pty ?? null,
    outputWindowBytes,
  })
  if (payload.length > maxPayloadBytes) throw invalidRequest(`The command line and its environment take ${payload.length} bytes; at most ${maxPayloadBytes} can be sent to a guest.`)
  return payload
}

function invalidRequest(message: string): MayflyError {
  return new MayflyError('invalid-input', message, { issues: [{ path: 'argv', message }] })
}

function cancelled(): MayflyError {
  return new MayflyError('cancelled', 'The command was cancelled.', {})
}

function connectionLost(message: string): MayflyError {
  return new MayflyError('qmp-interrupted', message, { command: 'exec' })
}

/** Linux' numbers: the guest is always Linux, the host need not be. */
const errnoNames: Readonly<Record<number, string>> = { 1: 'EPERM', 2: 'ENOENT', 7: 'E2BIG', 8: 'ENOEXEC', 11: 'EAGAIN', 12: 'ENOMEM', 13: 'EACCES', 20: 'ENOTDIR', 24: 'EMFILE' }

function startError({ argv: [program], cwd, user }: ExecRequest, errno: number, step: string): MayflyError {
  const name = errnoNames[errno] ?? `error ${errno}`
  const folder = step === 'cwd' ? (cwd ?? null) : null
  if (name === 'ENOENT' || name === 'ENOTDIR') {
    if (folder !== null) return new MayflyError('not-found', `The guest has no folder ${folder}, in which "${program}" was to run.`, { kind: 'directory', ref: folder }, { next: 'Name another, or make it first.' })
    if (step === 'user') return new MayflyError('not-found', `The guest has no user to run "${program}" as${user === undefined ? '' : `: ${user}`}.`, { kind: 'user', ref: user ?? program })
    return new MayflyError('not-found', `The guest has no such program: "${program}".`, { kind: 'program', ref: program })
  }
  if (folder !== null) return new MayflyError('unsupported', `The guest does not let "${program}" run in ${folder} (${name}).`, { needs: step, have: name })
  if (step === 'sessions') return new MayflyError('in-use', 'The guest already runs as many commands at once as its helper allows.', { by: ['exec'] })
  return new MayflyError('unsupported', `The guest could not run "${program}" (${step}: ${name}).`, { needs: step, have: name })
}
