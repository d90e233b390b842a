/**
 * The way to a guest's exec helper: looked for when somebody wants it, kept while it answers, and
 * known to be absent as soon as that can be known, so that a guest with the plain agent alone is not
 * asked again and again. QEMU tells when a guest opens and closes its ports; what it told decides.
 */
import { connect } from 'node:net'
import { connectExec, type ExecClient } from './exec/exec-client.ts'

export interface HelperLinkOptions {
  /** A helper that is there answers within milliseconds; a busy guest under TCG within a second or two. */
  readonly patienceMs?: number
}

interface Attempt {
  readonly client: Promise<ExecClient | null>
  readonly abort: AbortController
  /** Null until the helper has answered. */
  found: ExecClient | null
}

const defaultPatienceMs = 5_000
const mostTries = 6

export class HelperLink {
  readonly #socketPath: string
  readonly #patienceMs: number
  #attempt: Attempt | null = null
  /** `untold`: it may be opened at any moment. `closed`: nobody has it open in a guest that is up. */
  #port: 'untold' | 'open' | 'closed' = 'untold'
  #isAgentThere = false
  /** Since when a helper that were there could have come: it comes up when the agent does, and again when it ended. */
  #dueSinceMs = 0
  /** Whether one who was waited for did not answer though the guest's agent is up. */
  #isMute = false

  constructor(socketPath: string, options: HelperLinkOptions = {}) {
    this.#socketPath = socketPath
    this.#patienceMs = options.patienceMs ?? defaultPatienceMs
  }

  /** The helper; null where the guest has none, at once where that is known. Throws `qmp-interrupted` where QEMU ends. */
  async client(): Promise<ExecClient | null> {
    for (;;) {
      if (this.#isAbsent) return null
      const attempt = (this.#attempt ??= this.#look())
      try {
        const client = await attempt.client
        if (client?.lost === null) return client
        // A connection that broke is made anew.
        if (client === null) return null
      } finally {
        if (this.#attempt === attempt && attempt.found?.lost !== null) this.#attempt = null
      }
    }
  }

  /** QEMU told that the guest opened or closed the helper's port. A closed one ends every command. */
  portChanged(open: boolean): void {
    if (open) {
      this.#port = 'open'
      this.#isMute = false
      return
    }
    // One that was there is most likely being restarted; a guest that was saved without one tells so when it goes on.
    this.#port = this.#port === 'open' ? 'untold' : 'closed'
    this.#dueSinceMs = performance.now()
    this.#letGo()
    this.#reconsider()
  }

  /** QEMU told that the guest opened or closed its agent's port: a guest whose agent is there is up. */
  agentPortChanged(open: boolean): void {
    if (open && !this.#isAgentThere) this.#dueSinceMs = performance.now()
    this.#isAgentThere = open
    this.#reconsider()
  }

  /** The guest begins anew: whatever was known is of the one before. */
  guestRestarted(): void {
    this.#port = 'untold'
    this.#isMute = false
    this.#isAgentThere = false
    this.#letGo()
  }

  /** Lets go of the helper, for good. */
  close(): void {
    this.#attempt?.abort.abort()
    this.#letGo()
  }

  get #isAbsent(): boolean {
    const isOverdue = this.#port === 'untold' && (this.#attempt?.found ?? null) === null && performance.now() - this.#dueSinceMs >= this.#patienceMs
    return this.#isAgentThere && (this.#isMute || this.#port === 'closed' || isOverdue)
  }

  #look(): Attempt {
    const abort = new AbortController()
    const attempt: Attempt = { abort, found: null, client: this.#connect(abort.signal, (client) => {
      attempt.found = client
    }) }
    return attempt
  }

  async #connect(signal: AbortSignal, onFound: (client: ExecClient) => void): Promise<ExecClient | null> {
    try {
      let tries = 0
      do {
        const outcome = await connectExec(connect({ path: this.#socketPath }), { timeoutMs: this.#patienceMs, signal })
        if (outcome.kind === 'connected') {
          onFound(outcome.client)
          return outcome.client
        }
        if (outcome.kind === 'incompatible') break
        // One that holds its port is there, and its guest is slow.
      } while (this.#port === 'open' && ++tries < mostTries)
      this.#isMute = true
      return null
    } catch (error) {
      if (signal.aborted) return null
      throw error
    }
  }

  /** Ends a search that can find nobody. */
  #reconsider(): void {
    if (this.#isAbsent && this.#attempt?.found === null) this.#attempt.abort.abort()
  }

  /** A search goes on: whoever opens the port next hears it. */
  #letGo(): void {
    this.#attempt?.found?.close()
  }
}
