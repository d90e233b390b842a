import { expect, test } from 'vitest'
import { splitTime } from './log-time.ts'

test('a time at the beginning of a line is told apart, other lines stay whole', () => {
  expect(splitTime('2026-11-23T07:42:37.273Z started: web started.')).toEqual({ atMs: Date.UTC(2026, 10, 23, 7, 42, 37, 273), rest: 'started: web started.' })
  expect(splitTime('[    0.000000] Linux version 6.1')).toEqual({ atMs: undefined, rest: '[    0.000000] Linux version 6.1' })
  expect(splitTime('2026-99-99T99:99:99Z nonsense')).toEqual({ atMs: undefined, rest: '2026-99-99T99:99:99Z nonsense' })
  expect(splitTime('')).toEqual({ atMs: undefined, rest: '' })
})
