import { expect, test } from 'vitest'
import { count, formatNumber, plural } from './numbers.ts'

test('amounts take the form the language asks for', () => {
  expect([0, 1, 2, 1200].map((amount) => plural(amount, 'line', 'lines'))).toEqual(['0 lines', '1 line', '2 lines', '1,200 lines'])
  expect(count(1, { other: 'sheep' })).toBe('1 sheep')
})

test('numbers end where they are exact', () => {
  expect([0, 1, 0.5, 1.25, 38.04].map((value) => formatNumber(value, 1))).toEqual(['0', '1', '0.5', '1.3', '38'])
})
