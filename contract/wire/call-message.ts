/**
 * How a page and its host speak of calls and events over one message link: JSON in text
 * messages. Events are sent only as the page asks for them (`pull`), because a MessagePort takes
 * whatever it is given: a reader that stalls must be felt by the engine, which then ends its
 * subscription with `gap` instead of queueing for it.
 */
import type { ErrorRecord } from '../errors.ts'

/** From the page. `id` is new with each call. */
export type PageMessage =
  | { readonly kind: 'call'; readonly id: number; readonly path: string; readonly input?: unknown }
  /** Nobody waits any more: for the answer, or for further events. */
  | { readonly kind: 'abort'; readonly id: number }
  /** There is room for so many more events. */
  | { readonly kind: 'pull'; readonly id: number; readonly count: number }

/** From the host. A call gets one `done`, one `failed`, or `events`, then `event`s, then `done` or `failed`. */
export type HostMessage =
  | { readonly kind: 'done'; readonly id: number; readonly output?: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly error: ErrorRecord }
  | { readonly kind: 'events'; readonly id: number }
  | { readonly kind: 'event'; readonly id: number; readonly value: unknown }

/** Events a page takes before it has read any. */
export const eventWindow = 64

/** Longest message from a page. The largest field of the contract is `guest.run`'s stdin, 4 MiB in base64. Characters. */
export const maxPageMessageCharacters = 8 * 1024 * 1024

/** The message in `text`; undefined where it is none. */
export function parsePageMessage(text: string): PageMessage | undefined {
  const message = parseObject(text)
  if (message === undefined) return undefined
  const { kind, id, path, input, count } = message
  if (!isId(id)) return undefined
  switch (kind) {
    case 'call':
      return typeof path === 'string' && path.length <= 100 ? { kind, id, path, input } : undefined
    case 'abort':
      return { kind, id }
    case 'pull':
      return isId(count) && count > 0 && count <= eventWindow ? { kind, id, count } : undefined
    default:
      return undefined
  }
}

/** The message in `text`; undefined where it is none. */
export function parseHostMessage(text: string): HostMessage | undefined {
  const message = parseObject(text)
  if (message === undefined) return undefined
  const { kind, id } = message
  if (!isId(id)) return undefined
  switch (kind) {
    case 'done':
    case 'failed':
    case 'events':
    case 'event':
      return message as HostMessage
    default:
      return undefined
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function isId(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
