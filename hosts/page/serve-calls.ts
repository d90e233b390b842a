/**
 * Serves calls and events to one page over one message link. The page is trusted with its
 * user's machines and with nothing else: what is not a message of the protocol costs it the
 * link, and it can neither have more calls under way than a page needs nor make anything queue here.
 */
import { randomBytes } from 'node:crypto'
import { isMayflyError, MayflyError, toErrorRecord } from '../../contract/errors.ts'
import { eventWindow, maxPageMessageCharacters, parsePageMessage } from '../../contract/wire/call-message.ts'
import type { HostMessage } from '../../contract/wire/call-message.ts'
import type { MessageLink } from '../../contract/wire/message-link.ts'
import { callByName } from './call-by-name.ts'
import { withEngine } from './engine-access.ts'
import type { EngineAccess } from './engine-access.ts'

/** Calls and subscriptions of one page at once. */
const maxCalls = 256

class CallUnderWay {
  readonly abort = new AbortController()
  #room = eventWindow
  #roomCame: (() => void) | undefined

  /** Resolves when the page has room for one more event, or nobody waits any more. */
  async takeRoom(): Promise<void> {
    while (this.#room === 0 && !this.abort.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#roomCame = resolve
      })
    }
    this.#room--
  }

  /** The page has room for more. False: for more than there can be. */
  giveRoom(count: number): boolean {
    this.#room += count
    this.#roomCame?.()
    return this.#room <= eventWindow
  }

  end(): void {
    this.abort.abort()
    this.#roomCame?.()
  }
}

/** Serves until the link closes; then everything that is under way is aborted. */
export function serveCalls(link: MessageLink, engine: EngineAccess): void {
  const calls = new Map<number, CallUnderWay>()
  const send = (message: HostMessage): void => link.send(JSON.stringify(message))
  const endAll = (): void => {
    for (const call of calls.values()) call.end()
    calls.clear()
  }
  const cutOff = (): void => {
    link.close()
    endAll()
  }

  link.listen({
    message: (text) => {
      const message = typeof text === 'string' && text.length <= maxPageMessageCharacters ? parsePageMessage(text) : undefined
      if (message === undefined) return cutOff()
      const call = calls.get(message.id)
      switch (message.kind) {
        case 'abort':
          call?.end()
          return
        case 'pull':
          if (call?.giveRoom(message.count) === false) cutOff()
          return
        case 'call': {
          if (call !== undefined) return cutOff()
          if (calls.size >= maxCalls) {
            const busy = new MayflyError('conflict', 'This page has too many calls under way.', { state: 'busy', allowed: ['idle'] })
            return send({ kind: 'failed', id: message.id, error: toErrorRecord(busy) })
          }
          void carryOut(message.id, message.path, message.input)
        }
      }
    },
    closed: endAll,
  })

  async function carryOut(id: number, path: string, input: unknown): Promise<void> {
    const call = new CallUnderWay()
    calls.set(id, call)
    const { signal } = call.abort
    try {
      const output = await withEngine(engine, (connection) => callByName(connection, path, input, signal))
      if (!isEvents(output)) return send({ kind: 'done', id, output })
      await passOn(id, call, output)
      send({ kind: 'done', id })
    } catch (error) {
      send({ kind: 'failed', id, error: toErrorRecord(expected(error, path, engine)) })
    } finally {
      calls.delete(id)
    }
  }

  async function passOn(id: number, call: CallUnderWay, events: AsyncIterator<unknown, unknown, void>): Promise<void> {
    send({ kind: 'events', id })
    // Ends a wait for the next event, too.
    call.abort.signal.addEventListener('abort', () => void events.return?.()?.catch(() => undefined), { once: true })
    for (;;) {
      await call.takeRoom()
      if (call.abort.signal.aborted) {
        await events.return?.()
        return
      }
      const next = await events.next()
      if (next.done === true) return
      send({ kind: 'event', id, value: next.value })
    }
  }
}

function isEvents(output: unknown): output is AsyncIterator<unknown, unknown, void> {
  return typeof output === 'object' && output !== null && Symbol.asyncIterator in output
}

/** What a page is told of a failure: errors of the contract as they are, anything else by a reference. */
export function expected(error: unknown, doing: string, { log }: EngineAccess): MayflyError {
  if (isMayflyError(error)) return error
  const reference = randomBytes(4).toString('hex')
  log.bug(reference, error)
  return new MayflyError('bug', `Something unexpected happened in ${doing}; this is a fault of Mayfly.`, { reference }, { cause: error, next: `The log tells more under ${reference}.` })
}
