/**
 * Where a value stands on a slider's track. Sizes of disks and memory reach over orders of magnitude:
 * on an even axis what one gives and uses would be a point at its left end. Pure.
 */

export interface Scale {
  /** Where the track ends. */
  readonly end: number
  /** 1 or absent: even. 2: a quarter of the end stands in the middle of the track; 3: an eighth does. */
  readonly bend?: number
}

/** A value as a share of the track, 0 to 1; what lies beyond stands at its end. */
export function placeOf({ end, bend = 1 }: Scale, value: number): number {
  return Math.min(1, Math.max(0, value / end)) ** (1 / bend)
}

/** The value at a share of the track. */
export function valueAt({ end, bend = 1 }: Scale, place: number): number {
  return end * Math.min(1, Math.max(0, place)) ** bend
}

/** Five numbers from nothing to the end, about evenly spaced; on a bent axis powers of two, as sizes are. */
export function ticksOf(scale: Scale, word: (at: number, last: boolean) => string): { at: number; word: string }[] {
  return [0, 1, 2, 3, 4].map((quarter) => {
    const even = valueAt(scale, quarter / 4)
    const at = (scale.bend ?? 1) === 1 || quarter === 0 || quarter === 4 ? even : 2 ** Math.round(Math.log2(even))
    return { at, word: word(at, quarter === 4) }
  })
}
