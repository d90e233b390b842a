/** Choices that can be repeated: tests that try what nobody thought of tell their seed where they fail. */
import { randomInt } from 'node:crypto'

export interface RandomNumbers {
  readonly seed: number
  /** From 0, below `limit`. */
  readonly below: (limit: number) => number
}

/** mulberry32: small, the same everywhere, and good enough to choose cases by. */
export function randomNumbers(seed = Number(process.env['MAYFLY_TEST_SEED'] ?? randomInt(2 ** 31))): RandomNumbers {
  let state = seed
  return {
    seed,
    below: (limit) => {
      state = (state + 0x6d2b79f5) | 0
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
      return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
    },
  }
}
