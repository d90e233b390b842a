/**
 * Calls and events over one message link. Calls reject with `MayflyError` and nothing else:
 * an aborted one with `cancelled`, one whose link broke with `host-unavailable`.
 */
import { AsyncIteratorClass } from '@orpc/client'
import { MayflyError } from '../../contract/errors.ts'
import { eventWindow, parseHostMessage } from '../../contract/wire/call-message.ts'
import type { HostMessage, PageMessage } from '../../contract/wire/call-message.ts'
import { fromErrorRecord } from '../../contract/wire/error-record.ts'
import type { MessageLink } from '../../contract/wire/message-link.ts'

export interface CallLink {
  /** Whether calls can still be made. */
  readonly open: boolean
  /** Calls a procedure, such as `['machine', 'start']`. Resolves with its output, or with an iterator of events. */
  call(path: readonly string[], input: unknown, signal: AbortSignal | undefined): Promise<unknown>
  close(): void
}

interface Waiting {
  readonly take: (message: HostMessage) => void
  readonly fail: (error: MayflyError) => void
}

/** Calls over a link that is open, which is this one's from now on. */
export function createCallLink(link: MessageLink): CallLink {
  const waiting = new Map<number, Waiting>()
  let lastId = 0
  let open = true

  const send = (message: PageMessage): void => link.send(JSON.stringify(message))

  function finish(): void {
    if (!open) return
    open = false
    for (const { fail } of waiting.values()) fail(lost())
    waiting.clear()
  }

  link.listen({
    message: (text) => {
      const message = typeof text === 'string' ? parseHostMessage(text) : undefined
      // What nobody waits for any more was aborted here while it was on its way.
      if (message !== undefined) waiting.get(message.id)?.take(message)
    },
    closed: finish,
  })

  function call(path: readonly string[], input: unknown, signal: AbortSignal | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const name = path.join('.')
      if (signal?.aborted === true) return reject(cancelled(name))
      if (!open) return reject(lost())
      const id = ++lastId
      const abort = (): void => {
        waiting.delete(id)
        send({ kind: 'abort', id })
        reject(cancelled(name))
      }
      const settle = (): void => {
        signal?.removeEventListener('abort', abort)
        waiting.delete(id)
      }
      waiting.set(id, {
        take: (message) => {
          settle()
          switch (message.kind) {
            case 'done': return resolve(message.output)
            case 'failed': return reject(fromErrorRecord(message.error))
            case 'events': return resolve(receiveEvents(id, name, signal))
            case 'event': return reject(fromErrorRecord(message))
          }
        },
        fail: (error) => {
          settle()
          reject(error)
        },
      })
      signal?.addEventListener('abort', abort, { once: true })
      send({ kind: 'call', id, path: name, input })
    })
  }

  /** Events of one call. The host sends no more than there is room for here. */
  function receiveEvents(id: number, name: string, signal: AbortSignal | undefined): AsyncIteratorClass<unknown, undefined, void> {
    const queue: unknown[] = []
    let readUntold = 0
    let end: { readonly error?: MayflyError } | undefined
    let wake: (() => void) | undefined

    const stop = (outcome: { readonly error?: MayflyError }): void => {
      if (end !== undefined) return
      end = outcome
      waiting.delete(id)
      signal?.removeEventListener('abort', abort)
      wake?.()
    }
    const abort = (): void => {
      if (end === undefined) send({ kind: 'abort', id })
      queue.length = 0
      stop({ error: cancelled(name) })
    }
    signal?.addEventListener('abort', abort, { once: true })
    waiting.set(id, {
      take: (message) => {
        switch (message.kind) {
          case 'event':
            queue.push(message.value)
            return wake?.()
          case 'done': return stop({})
          case 'failed': return stop({ error: fromErrorRecord(message.error) })
          case 'events': return
        }
      },
      fail: (error) => stop({ error }),
    })

    async function next(): Promise<IteratorResult<unknown, undefined>> {
      while (queue.length === 0) {
        if (end !== undefined) {
          if (end.error !== undefined) throw end.error
          return { done: true, value: undefined }
        }
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      const value = queue.shift()
      readUntold++
      if (readUntold >= eventWindow / 2 && end === undefined) {
        send({ kind: 'pull', id, count: readUntold })
        readUntold = 0
      }
      return { done: false, value }
    }
    return new AsyncIteratorClass<unknown, undefined, void>(next, async () => {
      if (end === undefined) send({ kind: 'abort', id })
      queue.length = 0
      stop({})
    })
  }

  return {
    get open() {
      return open
    },
    call,
    close: () => {
      link.close()
      finish()
    },
  }
}

function cancelled(name: string): MayflyError<'cancelled'> {
  return new MayflyError('cancelled', `${name} was cancelled.`, {})
}

function lost(): MayflyError<'host-unavailable'> {
  return new MayflyError('host-unavailable', 'The connection to Mayfly was lost; what was asked may or may not have been done. Machines run on.', { check: 'engine' }, { next: 'Look at the state, then try again.' })
}
