import { expect, test } from 'vitest'
import { isMayflyError } from '../../contract/errors.ts'
import { formatSizeMiB, parseDurationMs, parseDurationSeconds, parseForward, parseNumber, parsePair, parseSizeMiB } from './units.ts'

test('sizes are read in every usual form', () => {
  const sizes = ['1024', '1GiB', '1.5G', '512MiB', '512m', '2T', '2048KiB', '0.5 GiB', '1048576B'].map((text) => parseSizeMiB('--memory', text))
  expect(sizes).toEqual([1024, 1024, 1536, 512, 512, 2 * 1024 * 1024, 2, 512, 1])
})

test('a size that is written reads back as itself', () => {
  const sizes = [...Array.from({ length: 2000 }, (_, index) => index + 1), ...Array.from({ length: 24 }, (_, power) => 2 ** power), 3 * 1024, 16 * 1024 * 1024, 16 * 1024 * 1024 - 1]
  for (const size of sizes) expect(parseSizeMiB('--disk', formatSizeMiB(size))).toBe(size)
})

test('durations are read in every usual form, a bare number as seconds', () => {
  expect(['1500ms', '60s', '5m', '2min', '1h', '30', '0.5s', '1d'].map((text) => parseDurationMs('--timeout', text))).toEqual([1500, 60_000, 300_000, 120_000, 3_600_000, 30_000, 500, 86_400_000])
  expect(parseDurationSeconds('--timeout', '5m')).toBe(300)
})

test('forwards are read with address and protocol', () => {
  expect(['2222:22', '0.0.0.0:8080:80', '5353:53/udp', '127.0.0.1:1:65535/tcp'].map((text) => parseForward('--forward', text))).toEqual([
    { protocol: 'tcp', hostPort: 2222, guestPort: 22 },
    { protocol: 'tcp', hostAddress: '0.0.0.0', hostPort: 8080, guestPort: 80 },
    { protocol: 'udp', hostPort: 5353, guestPort: 53 },
    { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 1, guestPort: 65_535 },
  ])
})

test('pairs split at the first equals sign', () => {
  expect(parsePair('--env', 'A=b=c')).toEqual(['A', 'b=c'])
  expect(parsePair('--env', 'A=')).toEqual(['A', ''])
})

const nonsense = ['', ' ', 'NaN', 'Infinity', '-1', '+1', '1e3', '0x10', '1,5', '1..5', '１', '1GB', '1 G i B', '9'.repeat(400), '\u{1b}[2J', '1\n2', "1'", '--x']

test.each([
  ['a size', (text: string) => parseSizeMiB('--flag', text, { min: 16, max: 16_777_216 })],
  ['a duration', (text: string) => parseDurationMs('--flag', text, { min: 1, max: 1000 })],
  ['a whole number', (text: string) => parseNumber('--flag', text, true, { min: 1, max: 288 })],
  ['a forward', (text: string) => parseForward('--flag', text)],
  ['a pair', (text: string) => parsePair('--flag', text)],
])('%s that is none is refused with the name of its flag and no raw bytes', (_, parse) => {
  for (const text of nonsense) {
    const error = thrownBy(() => parse(text))
    expect({ text, ours: isMayflyError(error, 'invalid-input') }).toEqual({ text, ours: true })
    expect((error as Error).message).toContain('--flag')
    expect((error as Error).message).not.toMatch(/[\p{Cc}]/u)
    expect((error as Error).message.length).toBeLessThan(200)
  }
})

test.each(['0', '15', '15.9MiB', '1.3MiB', '17T', '999999999999T'])('a memory size out of bounds or not whole is refused: %s', (text) => {
  expect(() => parseSizeMiB('--memory', text, { min: 16, max: 16_777_216 })).toThrow(/--memory/)
})

test.each(['0:22', '22:65536', '256.0.0.1:1:2', '::1:1:2', '1:2/sctp', '1:2:3', '01.2.3.4:1:2'])('a forward that cannot be is refused: %s', (text) => {
  expect(() => parseForward('--forward', text)).toThrow(/--forward/)
})

function thrownBy(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  return undefined
}
