/**
 * Reads a stream of events as the RPC library writes it (server-sent events: `event:` and
 * `data:` lines, a blank line between). Reads from the socket only when somebody asks for the
 * next event, so a slow reader is felt by the engine and costs no memory here.
 */
import type { IncomingMessage } from 'node:http'
import { AsyncIteratorClass } from '@orpc/client'
import { fromWire } from './wire-failure.ts'

/** Events of one answer. `broken` says what a connection that breaks means. Returning ends the call on the engine's side too. */
export function eventsOf(response: IncomingMessage, broken: (error: unknown) => Error): AsyncIteratorClass<unknown, undefined, void> {
  response.setEncoding('utf8')
  const chunks = (response as AsyncIterable<string>)[Symbol.asyncIterator]()
  let pending = ''
  let returned = false

  async function next(): Promise<IteratorResult<unknown, undefined>> {
    for (;;) {
      for (let end = pending.indexOf('\n\n'); end >= 0; end = pending.indexOf('\n\n')) {
        const message = parse(pending.slice(0, end), broken)
        pending = pending.slice(end + 2)
        if (message === undefined) continue
        if (message.event === 'error') throw fromWire(message.data)
        if (message.event === 'done') return { done: true, value: undefined }
        return { done: false, value: (message.data as { json: unknown }).json }
      }
      let chunk: IteratorResult<string>
      try {
        chunk = await chunks.next()
      } catch (error) {
        if (returned) return { done: true, value: undefined }
        throw broken(error)
      }
      if (chunk.done === true) return { done: true, value: undefined }
      pending += chunk.value
    }
  }

  return new AsyncIteratorClass<unknown, undefined, void>(next, async () => {
    returned = true
    response.destroy()
  })
}

/** One event; undefined for a comment. The library writes one `data:` line, as JSON has no line breaks. */
function parse(text: string, broken: (error: unknown) => Error): { event: string; data: unknown } | undefined {
  let event = 'message'
  let data: string | undefined
  for (const line of text.split('\n')) {
    if (line.startsWith('event: ')) event = line.slice(7)
    else if (line.startsWith('data: ')) data = line.slice(6)
  }
  if (data === undefined) return undefined
  try {
    return { event, data: JSON.parse(data) }
  } catch (error) {
    throw broken(error)
  }
}
