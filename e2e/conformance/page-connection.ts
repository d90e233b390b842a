/** A connection as the suite takes it, whose client runs in a real page. */
import { Duplex } from 'node:stream'
import { createORPCClient } from '@orpc/client'
import type { Page } from 'playwright-core'
import { MayflyError } from '../../contract/errors.ts'
import { fromErrorRecord } from '../../contract/wire/error-record.ts'
import type { EngineClient, EngineConnection } from '../../engine/engine-face.ts'
import type { Outcome, PageRelay } from './page-relay.ts'

type Act = { [K in keyof PageRelay]: (...args: Parameters<PageRelay[K]>) => Promise<unknown> }

/** `relayCode` is page-relay.ts, bundled. The page must be of our origin and show no app. */
export async function pageConnection(page: Page, relayCode: string): Promise<EngineConnection> {
  // As a debugger puts it there: the page's policy would let nothing like it run.
  await page.evaluate(relayCode)
  const act = new Proxy({} as Act, {
    // What is in the page is known to nobody here; `Act` says what it takes.
    get: (_target, name) => (...args: unknown[]) =>
      page.evaluate(([method, values]) => ((globalThis as unknown as { relay: Record<string, (...values: unknown[]) => unknown> }).relay[method as string] as (...values: unknown[]) => unknown)(...(values as unknown[])), [name, args]),
  })
  let lastId = 0

  async function call(path: readonly string[], input: unknown, signal: AbortSignal | undefined): Promise<unknown> {
    const id = ++lastId
    if (signal?.aborted === true) throw new MayflyError('cancelled', 'It was cancelled before.', {})
    const abort = (): void => void act.abort(id).catch(() => undefined)
    signal?.addEventListener('abort', abort, { once: true })
    const answered = settle((await act.call(id, path, { given: jsonLike(input) })) as Outcome)
    if (!('events' in answered)) return answered.value
    return {
      next: async () => settle((await act.next(id)) as Outcome).value,
      return: async () => settle((await act.return(id)) as Outcome).value,
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }

  return {
    client: createORPCClient<EngineClient>({ call: (path, input, { signal }) => call(path, input, signal) }),
    openStream: async (ticket) => {
      const { stream } = settle((await act.open(ticket)) as Outcome)
      return pageStream(stream as number, act)
    },
    close: async () => {
      await act.close()
    },
  }
}

function pageStream(id: number, act: Act): Duplex {
  const fail = (error: unknown): void => void stream.destroy(error instanceof Error ? error : new Error('The page failed.'))
  const stream = new Duplex({
    allowHalfOpen: true,
    read() {
      act.read(id).then((outcome) => {
        const { value } = settle(outcome as Outcome)
        stream.push(value === null ? null : Buffer.from(value as string, 'base64'))
      }).catch(fail)
    },
    write(chunk: Buffer, _encoding, proceed) {
      act.write(id, chunk.toString('base64')).then((outcome) => settle(outcome as Outcome)).then(() => proceed()).catch(proceed)
    },
    final(proceed) {
      act.end(id).then(() => proceed()).catch(proceed)
    },
    destroy(error, proceed) {
      if (stream.readableEnded && stream.writableFinished) return proceed(error)
      act.destroy(id).catch(() => undefined).then(() => proceed(error)).catch(fail)
    },
  })
  return stream
}

/** What the page answered; throws what it threw. */
function settle(outcome: Outcome): Record<'value' | 'stream', unknown> & { events?: number } {
  if ('error' in outcome) throw fromErrorRecord(outcome.error)
  if ('stray' in outcome) throw new Error(outcome.stray)
  return { value: undefined, stream: undefined, ...outcome }
}

/** As the page's client would send it: Playwright carries NaN and undefined, JSON does not. */
function jsonLike(input: unknown): unknown {
  return input === undefined ? undefined : JSON.parse(JSON.stringify(input))
}
