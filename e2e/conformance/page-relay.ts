/**
 * Runs in a page, put there by a test: the page's own client, operated from outside. Nothing of
 * the transport is here; `page-connection.ts` is the other half.
 */
import { isMayflyError, toErrorRecord } from '../../contract/errors.ts'
import type { ErrorRecord } from '../../contract/errors.ts'
import type { ByteLink } from '../../contract/wire/byte-link.ts'
import { connect } from '../../renderer/client/connect.ts'
import { isAsyncIterator } from './is-async-iterator.ts'

export type Outcome = { readonly value: unknown } | { readonly events: number } | { readonly stream: number } | { readonly error: ErrorRecord } | { readonly stray: string }

export interface PageRelay {
  call(id: number, path: readonly string[], input: { readonly given?: unknown }): Promise<Outcome>
  abort(id: number): void
  next(id: number): Promise<Outcome>
  return(id: number): Promise<Outcome>
  open(ticket: string): Promise<Outcome>
  /** Base64; null at the end. */
  read(id: number): Promise<Outcome>
  write(id: number, base64: string): Promise<Outcome>
  end(id: number): void
  destroy(id: number): void
  close(): void
}

const connection = connect()
const aborts = new Map<number, AbortController>()
const iterators = new Map<number, AsyncIterator<unknown, unknown, void>>()
const streams = new Map<number, ByteLink>()
let lastStream = 0

const relay: PageRelay = {
  call: (id, path, input) => outcome(async () => {
    const abort = new AbortController()
    aborts.set(id, abort)
    let at: unknown = connection.client
    for (const part of path) at = (at as Record<string, unknown>)[part]
    const output = await (at as (input: unknown, options: { signal: AbortSignal }) => Promise<unknown>)(input.given, { signal: abort.signal })
    if (!isAsyncIterator(output)) return { value: output }
    iterators.set(id, output)
    return { events: id }
  }),
  abort: (id) => aborts.get(id)?.abort(),
  next: (id) => outcome(async () => ({ value: await iterators.get(id)?.next() })),
  return: (id) => outcome(async () => ({ value: await iterators.get(id)?.return?.() })),
  open: (ticket) => outcome(async () => {
    const stream = await connection.openStream(ticket)
    streams.set(++lastStream, stream)
    return { stream: lastStream }
  }),
  read: (id) => outcome(async () => {
    const bytes = await streamOf(id).read()
    return { value: bytes === null ? null : toBase64(bytes) }
  }),
  write: (id, base64) => outcome(async () => ({ value: await streamOf(id).write(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))) })),
  end: (id) => streamOf(id).end(),
  destroy: (id) => streamOf(id).close(),
  close: () => connection.close(),
}
Object.assign(globalThis, { relay })

function streamOf(id: number): ByteLink {
  const stream = streams.get(id)
  if (stream === undefined) throw new Error(`There is no stream ${id}.`)
  return stream
}

async function outcome(act: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await act()
  } catch (error) {
    return isMayflyError(error) ? { error: toErrorRecord(error) } : { stray: String(error) }
  }
}

function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 32_768) text += String.fromCharCode(...bytes.subarray(at, at + 32_768))
  return btoa(text)
}
