import { expect, test } from 'vitest'
import { safeLine, safeText, shown } from './safe-text.ts'
import type { Style } from './style.ts'
import { styleFor } from './style.ts'
import { facts, table } from './table.ts'
import { cutMiddle, textWidth } from './text-width.ts'
import { machineLine, machineList } from './views/machine-view.ts'
import { nameAsArgument } from './views/view-of.ts'
import { summaryOf } from './scripted.fixture.ts'

const plain: Style = { columns: Number.POSITIVE_INFINITY, colour: false }
const narrow: Style = { columns: 80, colour: false }

const hostile = ['\u{1b}[31mred\u{1b}[0m', 'a\nb', 'a\tb\rc', '\u{9b}2J', '\u{202e}gnp.exe', '\u{2028}', 'bell\u{7}', '\u{feff}x', '\u{d800}']
const wide = ['日本語の機械', '😀😀', '👨‍👩‍👧 family', 'e\u{301}te\u{301}', '한국어', '🇩🇪 de', 'ｆｕｌｌ']

test('nothing that is not printable gets through', () => {
  for (const text of hostile) {
    expect(safeLine(text)).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u{202e}\u{feff}]/u)
    expect(safeText(text)).not.toMatch(/[^\P{Cc}\n\t]|[\p{Cs}\p{Zl}\p{Zp}\u{202e}\u{feff}]/u)
    expect(machineLine(summaryOf({ name: text, stateReason: text }), plain)).not.toMatch(/[^\P{Cc}\n]/u)
  }
  expect(safeLine('\u{1b}[2J\n😀 é 日本')).toBe(String.raw`\x1b[2J\n😀 é 日本`)
  expect(safeText('a\r\nb\u{1b}c\n\td')).toBe('a\nb\\x1bc\n\td')
  expect(shown('x'.repeat(500)).length).toBeLessThan(70)
})

test('widths are those of a terminal', () => {
  expect(wide.map(textWidth)).toEqual([12, 4, 9, 3, 6, 5, 8])
  expect(['abc', 'é', '● running', '…', ''].map(textWidth)).toEqual([3, 1, 9, 1, 0])
})

test('what is cut keeps its ends and fits', () => {
  expect(cutMiddle('build-2026-11-23-nightly-amd64', 15)).toBe('build-2…y-amd64')
  for (const text of [...wide, 'plain ascii text', 'x']) {
    for (let columns = 0; columns < 20; columns++) expect(textWidth(cutMiddle(text, columns))).toBeLessThanOrEqual(Math.max(columns, 0))
  }
})

test('a list of hostile and wide names stays aligned and inside the terminal', () => {
  const machines = [...hostile, ...wide, 'x'.repeat(80), 'plain'].map((name, index) => summaryOf({ name, tags: index % 2 === 0 ? [] : ['production', 'nightly'], forwards: [{ nic: 'nic0', protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 2222, guestPort: 22 }] }))
  const lines = machineList(machines, narrow).trimEnd().split('\n')
  expect(lines).toHaveLength(machines.length + 1)
  expect(lines.filter((line) => textWidth(line) > 80)).toEqual([])
  const stateColumn = textWidth((lines[0] ?? '').split('STATE')[0] ?? '')
  expect(new Set(lines.slice(1).map((line) => textWidth(line.split('● running')[0] ?? '')))).toEqual(new Set([stateColumn]))
  expect(lines.slice(1).every((line) => line.endsWith('m00000000001'))).toBe(true)
})

test('a list for a program is not cut', () => {
  expect(machineList([summaryOf({ name: 'x'.repeat(80), tags: ['a', 'b'] })], plain)).toBe([
    `NAME${' '.repeat(78)}STATE      CPUS  MEMORY  UPTIME  TAGS  ID`,
    `${'x'.repeat(80)}  ● running     2   1 GiB   1h 2m  a b   m00000000001`,
    '',
  ].join('\n'))
})

test('states are told by shape and word, with why', () => {
  const lines = [summaryOf(), summaryOf({ state: 'paused', pausedBy: 'no-space', stateReason: 'The disk of the host is full.', pendingChanges: 2 }), summaryOf({ state: 'stopped', pid: null })].map((machine) => machineLine(machine, plain))
  expect(lines).toEqual(['● web is running\n', '◐ web is paused  The disk of the host is full.; 2 changes wait for the next start\n', '○ web is stopped\n'])
})

test('colours only for a terminal whose owner wants them', () => {
  const styles = [[{ isTTY: true, columns: 100 }, {}, false], [{ isTTY: true }, { NO_COLOR: '1' }, false], [{ isTTY: true }, { TERM: 'dumb' }, false], [{ isTTY: true }, {}, true], [{}, {}, false]] as const
  expect(styles.map(([output, env, noColor]) => styleFor(output, env, noColor))).toEqual([
    { columns: 100, colour: true }, { columns: 80, colour: false }, { columns: 80, colour: false }, { columns: 80, colour: false }, { columns: Number.POSITIVE_INFINITY, colour: false },
  ])
  expect(machineList([summaryOf()], { columns: 80, colour: true })).toContain('\u{1b}[32m● running\u{1b}[39m')
})

test('facts leave out what is empty and keep lines apart', () => {
  expect(facts([['a', 'one'], ['longer', 'two\nthree'], ['none', ''], ['absent', undefined]], plain)).toBe('a       one\nlonger  two\n        three\n')
  expect(table([{ title: 'A' }, { title: 'B' }], [['x', ''], ['y', '']], plain)).toBe('A\nx\ny\n')
})

test('a name in a command to copy is one word of a shell', () => {
  expect(['web', 'my web', "it's", '-rf', '$(x)'].map(nameAsArgument)).toEqual(['web', "'my web'", String.raw`'it'\''s'`, '-- -rf', "'$(x)'"])
})
