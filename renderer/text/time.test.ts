import { expect, test } from 'vitest'
import { formatTook } from './time.ts'

test('what took no time at all is not said to have taken 0.0 s', () => {
  expect([0, 0.4, 42, 180, 1240, 12_400, 130_000].map(formatTook)).toEqual(['1 ms', '1 ms', '42 ms', '0.2 s', '1.2 s', '12 s', '2 min'])
})
