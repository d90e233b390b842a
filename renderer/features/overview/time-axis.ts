/** The axis of time beneath a graph: it grows with what was measured, up to what is kept. Pure; seconds since 1970. */

const mostSeconds = 15 * 60
/** A first point is no line; so much room is there for the next ones. */
const leastSeconds = 60
/** Below this, minutes alone would say the same twice. */
const withSecondsBelow = 5 * 60
const labelPx = 84

export interface TimeAxis {
  readonly from: number
  readonly to: number
}

/** From the first point to the last, never less than a minute nor more than fifteen. */
export function timeAxis(times: ArrayLike<number>): TimeAxis {
  const to = times[times.length - 1] ?? 0
  const from = Math.min(times[0] ?? to, to)
  return { from: to - Math.min(mostSeconds, Math.max(leastSeconds, to - from)), to }
}

/** Where labels stand, both ends among them, as many as the width has room for. */
export function timeLabels({ from, to }: TimeAxis, widthPx: number): readonly number[] {
  const gaps = Math.max(1, Math.min(3, Math.floor(widthPx / labelPx) - 1))
  return Array.from({ length: gaps + 1 }, (_, index) => from + ((to - from) * index) / gaps)
}

export function labelPrecision({ from, to }: TimeAxis): 'minutes' | 'seconds' {
  return to - from < withSecondsBelow ? 'seconds' : 'minutes'
}
