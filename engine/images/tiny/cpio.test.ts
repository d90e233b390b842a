import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { type CpioEntry, encodeCpio } from './cpio.ts'

interface Listed {
  readonly path: string
  readonly mode: string
  readonly size: number
}

/** Reads an archive back, by the format's own description. */
function list(archive: Buffer): Listed[] {
  const entries: Listed[] = []
  for (let at = 0; at < archive.length; ) {
    expect(archive.toString('latin1', at, at + 6)).toBe('070701')
    const field = (index: number): number => Number.parseInt(archive.toString('latin1', at + 6 + index * 8, at + 14 + index * 8), 16)
    const nameLength = field(11)
    const path = archive.toString('utf8', at + 110, at + 110 + nameLength - 1)
    const dataAt = Math.ceil((at + 110 + nameLength) / 4) * 4
    entries.push({ path, mode: field(1).toString(8), size: field(6) })
    at = Math.ceil((dataAt + field(6)) / 4) * 4
  }
  return entries
}

const entries: readonly CpioEntry[] = [
  { kind: 'file', path: 'etc/acpi/x', mode: 0o755, data: Buffer.from('hello') },
  { kind: 'link', path: 'init', target: 'bin/busybox' },
  { kind: 'device', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
]

test('folders come before what lies in them, and every kind keeps its mode', () => {
  expect(list(encodeCpio(entries, ['proc']))).toEqual([
    { path: '.', mode: '40755', size: 0 },
    { path: 'dev', mode: '40755', size: 0 },
    { path: 'etc', mode: '40755', size: 0 },
    { path: 'etc/acpi', mode: '40755', size: 0 },
    { path: 'proc', mode: '40755', size: 0 },
    { path: 'dev/console', mode: '20600', size: 0 },
    { path: 'etc/acpi/x', mode: '100755', size: 5 },
    { path: 'init', mode: '120777', size: 11 },
    { path: 'TRAILER!!!', mode: '0', size: 0 },
  ])
})

test('the order in which entries are given changes nothing', () => {
  expect(encodeCpio([...entries].reverse(), ['proc'])).toEqual(encodeCpio(entries, ['proc']))
})
