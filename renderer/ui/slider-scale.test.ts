import { expect, test } from 'vitest'
import { placeOf, ticksOf, valueAt } from './slider-scale.ts'

const disk = { end: 252 * 1024, bend: 3 }

test('what is small beside a host can be seen, and a place means the value that stands there', () => {
  expect(placeOf({ end: 16 }, 4)).toBe(0.25)
  expect(placeOf(disk, 1024)).toBeGreaterThan(0.15)
  expect(placeOf(disk, 1)).toBeGreaterThan(0.01)
  for (const value of [0, 1024, 40_000, disk.end]) expect(valueAt(disk, placeOf(disk, value))).toBeCloseTo(value)
  expect([placeOf(disk, -1), placeOf(disk, 2 * disk.end)]).toEqual([0, 1])
})

test('an even axis is divided evenly, a bent one at powers of two', () => {
  expect(ticksOf({ end: 8 }, String).map(({ at }) => at)).toEqual([0, 2, 4, 6, 8])
  expect(ticksOf(disk, (at, last) => `${at / 1024}${last ? ' GiB' : ''}`).map(({ word }) => word)).toEqual(['0', '4', '32', '128', '252 GiB'])
})
