import { expect, test } from 'vitest'
import { labelPrecision, timeAxis, timeLabels } from './time-axis.ts'

test('the axis grows with what was measured, from a minute to fifteen', () => {
  expect(timeAxis([])).toEqual({ from: -60, to: 0 })
  expect(timeAxis([1000, 1010])).toEqual({ from: 950, to: 1010 })
  expect(timeAxis([1000, 1300])).toEqual({ from: 1000, to: 1300 })
  expect(timeAxis([1000, 9000])).toEqual({ from: 8100, to: 9000 })
})

test('labels stand at both ends and have room between them', () => {
  const axis = { from: 0, to: 900 }
  expect(timeLabels(axis, 380)).toEqual([0, 300, 600, 900])
  expect(timeLabels(axis, 200)).toEqual([0, 900])
  expect([labelPrecision(axis), labelPrecision({ from: 0, to: 100 })]).toEqual(['minutes', 'seconds'])
})
