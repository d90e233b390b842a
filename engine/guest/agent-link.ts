/**
 * Keeps looking for a guest's agent as long as the machine runs, and says when it answers and
 * when it does not. QEMU holds a question back until an agent opens its port, so one question
 * waits there during the whole boot and is answered at once; nothing is polled.
 */
import { MayflyError } from '../../contract/errors.ts'
import { AgentConnection, type AgentCallOptions } from './agent-connection.ts'

export interface AgentLinkOptions {
  readonly onStateChange?: (state: 'silent' | 'answering') => void
  /** How often an agent that answers is asked whether it still does. */
  readonly pingEveryMs?: number
}

/** Whoever can carry out agent commands. */
export interface AgentCaller {
  call(command: string, args?: Readonly<Record<string, unknown>>, options?: AgentCallOptions): Promise<unknown>
}

/** How long one question waits before it is asked anew: it may have been lost in a restart of the guest. */
const firstPatienceMs = 3_000
const longestPatienceMs = 20_000
/** After QEMU has told that the port was opened, an answer comes within milliseconds. */
const patienceAfterOpenMs = 1_000
const firstPauseMs = 50
const longestPauseMs = 2_000
/** While the port is known to be closed, QEMU will tell when it is opened. */
const pauseWhileClosedMs = 30_000

export class AgentLink implements AgentCaller {
  readonly #socketPath: string
  readonly #options: AgentLinkOptions
  #connection: AgentConnection | null = null
  readonly #stopping = new AbortController()
  #isStarted = false
  #attempt: AbortController | null = null
  #patienceMs = firstPatienceMs
  #pauseMs = firstPauseMs
  /** As QEMU told; null: not told. */
  #isPortOpen: boolean | null = null
  #wake: (() => void) | null = null
  #timer: NodeJS.Timeout | null = null
  readonly #listeners = new Set<() => void>()

  constructor(socketPath: string, options: AgentLinkOptions = {}) {
    this.#socketPath = socketPath
    this.#options = options
  }

  get state(): 'silent' | 'answering' {
    return this.#connection === null ? 'silent' : 'answering'
  }

  /** Begins to look. */
  start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    void this.#look(this.#stopping.signal)
  }

  /** Stops looking and lets go of the agent, for good. */
  stop(): void {
    this.#stopping.abort()
    this.#attempt?.abort()
    this.#connection?.close()
    this.#wakeUp()
    for (const listener of this.#listeners) listener()
  }

  /** QEMU told (VSERPORT_CHANGE) that the guest opened or closed the agent's port. */
  portChanged(open: boolean): void {
    this.#isPortOpen = open
    if (!open) {
      this.#attempt?.abort()
      this.#connection?.close()
      return
    }
    this.#patienceMs = patienceAfterOpenMs
    this.#pauseMs = firstPauseMs
    if (this.#connection !== null) return
    const attempt = this.#attempt
    // The question that waits in the port is most likely being answered; if not, it was lost.
    if (attempt !== null) this.#after(patienceAfterOpenMs, () => attempt.abort())
    else this.#wakeUp()
  }

  /** As `AgentConnection.call`; throws `conflict` while no agent answers. */
  async call(command: string, args: Readonly<Record<string, unknown>> = {}, options: AgentCallOptions = {}): Promise<unknown> {
    if (this.#connection === null) throw silent()
    return this.#connection.call(command, args, options)
  }

  /** Resolves when an agent answers. Throws `timeout`, `cancelled`, and `conflict` when the link is stopped. */
  async whenAnswering(options: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined }): Promise<void> {
    const { timeoutMs, signal } = options
    if (this.#connection !== null) return
    await new Promise<void>((resolve, reject) => {
      const finish = (error?: MayflyError): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
        this.#listeners.delete(look)
        if (error === undefined) resolve()
        else reject(error)
      }
      const onAbort = (): void => finish(new MayflyError('cancelled', 'Nobody waits for the guest agent any more.', {}))
      const look = (): void => {
        if (this.#connection !== null) finish()
        else if (this.#stopping.signal.aborted) finish(silent())
      }
      const timer = setTimeout(() => finish(new MayflyError('timeout', `No agent answered in the guest within ${timeoutMs / 1000} s.`, { waitedMs: timeoutMs }, { next: 'Install qemu-guest-agent in the guest, or wait until it has started.' })), timeoutMs)
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#listeners.add(look)
      look()
      if (signal?.aborted === true) onAbort()
    })
  }

  async #look(stopped: AbortSignal): Promise<void> {
    while (!stopped.aborted) {
      const connection = await this.#ask(stopped)
      if (connection !== null) await this.#hold(connection, stopped)
      if (!stopped.aborted) await this.#pause()
    }
  }

  async #ask(stopped: AbortSignal): Promise<AgentConnection | null> {
    const attempt = new AbortController()
    this.#attempt = attempt
    try {
      const connection = await AgentConnection.open(this.#socketPath, { timeoutMs: this.#patienceMs, signal: attempt.signal })
      if (!stopped.aborted) return connection
      connection.close()
      return null
    } catch {
      this.#patienceMs = Math.min(longestPatienceMs, this.#patienceMs * 1.5)
      return null
    } finally {
      this.#attempt = null
    }
  }

  /** Until the agent is gone. */
  async #hold(connection: AgentConnection, stopped: AbortSignal): Promise<void> {
    this.#after(0, null)
    this.#patienceMs = firstPatienceMs
    this.#pauseMs = firstPauseMs
    this.#connection = connection
    this.#tell('answering')
    const ping = setInterval(() => {
      connection.call('guest-ping').catch(() => connection.close())
    }, this.#options.pingEveryMs ?? 30_000).unref()
    await connection.closed
    clearInterval(ping)
    this.#connection = null
    if (!stopped.aborted) this.#tell('silent')
  }

  #tell(state: 'silent' | 'answering'): void {
    this.#options.onStateChange?.(state)
    for (const listener of this.#listeners) listener()
  }

  async #pause(): Promise<void> {
    const pauseMs = this.#isPortOpen === false ? pauseWhileClosedMs : this.#pauseMs
    this.#pauseMs = Math.min(longestPauseMs, this.#pauseMs * 2)
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      this.#after(pauseMs, resolve)
    })
    this.#wake = null
  }

  #wakeUp(): void {
    this.#after(0, null)
    this.#wake?.()
  }

  #after(ms: number, action: (() => void) | null): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = action === null ? null : setTimeout(action, ms)
  }
}

function silent(): MayflyError {
  return new MayflyError('conflict', 'No agent answers in the guest.', { state: 'agent silent', allowed: ['agent answering'] }, { next: 'Install qemu-guest-agent in the guest, or wait until it has started.' })
}
