/** One setting of a machine or device: how it is called, how it is said, and when a change of it takes hold. */

/** `now`: the engine applies it to the running guest. `next-start`: the guest keeps what it has until then. */
export type TakesHold = 'now' | 'next-start'

export interface Setting<Owner> {
  /** Path below its owner: `cache`, `network.forwards`. */
  readonly field: string
  readonly when: TakesHold
  differs(one: Owner, other: Owner): boolean
  /** Its value as people read it. */
  show(owner: Owner): string
  /** Its value where it is an amount; null where it is none. */
  amount(owner: Owner): number | null
}

/** A setting that is read by `read` and said by `say`. */
export function setting<Owner, Value>(field: string, when: TakesHold, read: (owner: Owner) => Value, say: (value: Value) => string): Setting<Owner> {
  return {
    field,
    when,
    differs: (one, other) => canonical(read(one)) !== canonical(read(other)),
    show: (owner) => say(read(owner)),
    amount: (owner) => {
      const value = read(owner)
      return typeof value === 'number' ? value : null
    },
  }
}

/** JSON in which the order of keys says nothing. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (isRecord(inner) ? Object.fromEntries(Object.entries(inner).toSorted(([one], [other]) => (one < other ? -1 : 1))) : inner)) ?? 'absent'
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export const sayText = (text: string): string => text
export const saySwitch = (on: boolean): string => (on ? 'on' : 'off')
export const sayBootIndex = (index: number | undefined): string => (index === undefined ? 'not booted from' : `number ${index}`)

/** 1536 MiB, 2 GiB: the largest unit that leaves no fraction. */
export function sayMiB(mebibytes: number): string {
  if (mebibytes % (1024 * 1024) === 0) return `${mebibytes / (1024 * 1024)} TiB`
  return mebibytes % 1024 === 0 ? `${mebibytes / 1024} GiB` : `${mebibytes} MiB`
}

/** `1 CPU`, `2 CPUs`. */
export function sayCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
