/**
 * The four shapes a QMP peer may send, told apart by their members
 * (https://www.qemu.org/docs/master/interop/qmp-spec.html). Anything else is garbage.
 */
import { QmpGarbageError } from './line-decoder.ts'
import type { QmpEvents } from './qmp.generated.ts'

export interface QmpGreeting {
  readonly version: { readonly major: number; readonly minor: number; readonly micro: number; readonly package: string }
  /** Abilities the monitor offers at negotiation: `oob`. */
  readonly capabilities: readonly string[]
}

export type QmpEventName = keyof QmpEvents

export interface QmpEvent<E extends QmpEventName> {
  readonly event: E
  readonly data: QmpEvents[E]
  /** When QEMU emitted it, by the host's wall clock; null where the host could not tell. */
  readonly timestampMs: number | null
}

/** Any event, discriminated by `event`. A newer QEMU may emit names that are not in the types. */
export type AnyQmpEvent = { [E in QmpEventName]: QmpEvent<E> }[QmpEventName]

export type QmpMessage =
  | { readonly kind: 'greeting'; readonly greeting: QmpGreeting }
  | { readonly kind: 'return'; readonly id: unknown; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: unknown; readonly qmpClass: string; readonly description: string }
  | { readonly kind: 'event'; readonly event: AnyQmpEvent }

/** @throws QmpGarbageError when the line is not JSON. */
export function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw new QmpGarbageError(`The monitor sent a line that is not JSON: ${excerpt(line)}`)
  }
}

/** @throws QmpGarbageError when the value is no QMP message. */
export function toQmpMessage(value: unknown): QmpMessage {
  if (isRecord(value)) {
    if (isRecord(value['QMP'])) return { kind: 'greeting', greeting: toGreeting(value['QMP']) }
    if (typeof value['event'] === 'string') return { kind: 'event', event: toEvent(value['event'], value) }
    if (Object.hasOwn(value, 'return')) return { kind: 'return', id: value['id'], value: value['return'] }
    const error = value['error']
    if (isRecord(error) && typeof error['class'] === 'string' && typeof error['desc'] === 'string') {
      return { kind: 'error', id: value['id'], qmpClass: error['class'], description: error['desc'] }
    }
  }
  throw new QmpGarbageError(`The monitor sent JSON that is no QMP message: ${excerpt(JSON.stringify(value))}`)
}

function toGreeting(value: Record<string, unknown>): QmpGreeting {
  const version = isRecord(value['version']) ? value['version'] : {}
  const qemu = isRecord(version['qemu']) ? version['qemu'] : {}
  const part = (name: string): number => (typeof qemu[name] === 'number' ? qemu[name] : 0)
  return {
    version: { major: part('major'), minor: part('minor'), micro: part('micro'), package: typeof version['package'] === 'string' ? version['package'] : '' },
    capabilities: Array.isArray(value['capabilities']) ? value['capabilities'].filter((name) => typeof name === 'string') : [],
  }
}

function toEvent(name: string, value: Record<string, unknown>): AnyQmpEvent {
  const timestamp = isRecord(value['timestamp']) ? value['timestamp'] : {}
  const { seconds, microseconds } = { seconds: timestamp['seconds'], microseconds: timestamp['microseconds'] }
  // QEMU writes -1 for both when the host's clock failed.
  const known = typeof seconds === 'number' && typeof microseconds === 'number' && seconds >= 0
  // The one place where untyped JSON becomes typed: QEMU's own introspection is the promise that it fits.
  return { event: name, data: value['data'], timestampMs: known ? seconds * 1000 + microseconds / 1000 : null } as AnyQmpEvent
}

function excerpt(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
