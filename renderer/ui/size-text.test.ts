import { expect, test } from 'vitest'
import { formatBytes, formatMiB, parseSizeMiB } from './size-text.ts'

test.each([
  ['1.5 GiB', 1536], ['1,5gib', 1536], ['512', 512], ['512M', 512], [' 2 g ', 2048], ['20 GB', 19073], ['1t', 1024 * 1024], ['0.5GiB', 512],
  ['', undefined], ['-1', undefined], ['1e9', undefined], ['GiB', undefined], ['1 lightyear', undefined], ['1.2.3', undefined], ['NaN', undefined],
])('%j is %j MiB', (text, size) => {
  expect(parseSizeMiB(text, 'MiB')).toBe(size)
})

test('a number alone has the default unit', () => {
  expect(parseSizeMiB('4', 'GiB')).toBe(4096)
})

test('sizes are shown with three figures and their unit, and can be typed back', () => {
  expect([0, 999, 1536, 18.4 * 1024 ** 2, 1000 * 1024 ** 2, 4 * 1024 ** 3, 13.52 * 1024 ** 3].map(formatBytes)).toEqual(['0 B', '999 B', '1.5 KiB', '18.4 MiB', '0.98 GiB', '4 GiB', '13.5 GiB'])
  for (const size of [256, 512, 1536, 2048, 40_960]) expect(parseSizeMiB(formatMiB(size), 'MiB')).toBe(size)
})
