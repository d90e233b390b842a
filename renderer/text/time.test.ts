import { expect, test } from 'vitest'
import { formatMoment, formatTook, precisionFor } from './time.ts'

test('what took no time at all is not said to have taken 0.0 s', () => {
  expect([0, 0.4, 42, 180, 1240, 12_400, 130_000].map(formatTook)).toEqual(['1 ms', '1 ms', '42 ms', '0.2 s', '1.2 s', '12 s', '2 min'])
})

test('a moment says its day unless it is today, and seconds where two would be alike', () => {
  const now = new Date(2026, 10, 23, 13, 8).getTime()
  const moments = [new Date(2026, 10, 23, 13, 6, 5).getTime(), new Date(2026, 10, 23, 13, 6, 40).getTime()]
  expect([precisionFor(moments), precisionFor(moments.slice(1))]).toEqual(['seconds', 'minutes'])
  expect(moments.map((at) => formatMoment(at, now, 'seconds'))).toEqual(['13:06:05', '13:06:40'])
  expect(formatMoment(new Date(2026, 10, 22, 13, 6).getTime(), now)).toMatch(/Sun.* 22.*, 13:06|22.*Sun.*, 13:06/)
})
