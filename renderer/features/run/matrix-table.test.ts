import { expect, test } from 'vitest'
import type { RunCell } from '../../../contract/run.ts'
import { findDiffering } from './differing-lines.ts'
import { nameOfCell, rowsOfPlain, tableOf } from './matrix-table.ts'

const words = { repeat: (number: number) => `repeat ${number}`, cellOf: (index: number) => `fork ${index + 1}` }
const cells = (...values: RunCell['values'][]): RunCell[] => values.map((one, index) => ({ index, values: one }) as RunCell)

test('the last key goes across, the others down, repeats beneath', () => {
  const run = { matrix: { pg: ['16', '17'], py: ['3.12', '3.13'] }, cells: cells({ pg: '16', py: '3.12' }, { pg: '16', py: '3.13' }, { pg: '17', py: '3.12' }, { pg: '17', py: '3.13' }, { pg: '16', py: '3.13' }) }
  const table = tableOf(run, words)
  expect({ ...table, rows: table?.rows.map((row) => [row.name, ...row.cells.map((cell) => cell?.index)]) }).toEqual({ key: 'py', columns: ['3.12', '3.13'], rows: [['pg 16', 0, 1], ['pg 17', 2, 3], ['pg 16, repeat 2', undefined, 4]] })
  expect(run.cells.map((cell) => nameOfCell(run, cell, words))).toEqual(['pg 16, py 3.12', 'pg 16, py 3.13', 'pg 17, py 3.12', 'pg 17, py 3.13', 'pg 16, py 3.13, repeat 2'])
})

test('one key stands in one row', () => {
  expect(tableOf({ matrix: { a: ['x', 'y'] }, cells: cells({ a: 'x' }, { a: 'y' }, { a: 'x' }) }, words)?.rows.map(({ name }) => name)).toEqual(['', 'repeat 2'])
})

test('without a matrix there is no table, and cells are called by their number', () => {
  const run = { matrix: {}, cells: cells({}, {}, {}, {}, {}) }
  expect(tableOf(run, words)).toBeUndefined()
  expect(rowsOfPlain(run.cells).map((row) => row.map((cell) => nameOfCell(run, cell, words)))).toEqual([['fork 1', 'fork 2', 'fork 3', 'fork 4'], ['fork 5']])
})

test.each<[string[], number[][]]>([
  [['a b c'], [[]]],
  [['a b c', 'a b c'], [[], []]],
  [['a b c', 'a x c'], [[1], [1]]],
  [['a c', 'a b c'], [[], [1]]],
  [['a b', 'b a'], [[0], [1]]],
  [['a b c', 'a b c', 'a b'], [[2], [2], []]],
  [['', 'a'], [[], [0]]],
])('of %j differ %j', (outputs, lines) => {
  const found = findDiffering(outputs.map((output) => ({ lines: output.split(' ').filter((word) => word !== ''), whole: true })))
  expect(found.map((flags) => flags.flatMap((differs, line) => (differs ? [line] : [])))).toEqual(lines)
})

test('what a command has not written yet does not differ', () => {
  const lines = (words: string): string[] => words.split(' ')
  expect(findDiffering([{ lines: lines('a b c d'), whole: true }, { lines: lines('a x'), whole: false }])).toEqual([[false, false, false, false], [false, true]])
  expect(findDiffering([{ lines: lines('a b c d'), whole: true }, { lines: lines('a x c'), whole: false }])).toEqual([[false, true, false, false], [false, true, false]])
})

test('long outputs are compared within a moment', () => {
  const long = (seed: number): string[] => Array.from({ length: 20_000 }, (_, line) => `${(line * seed) % 997}`)
  expect(findDiffering([long(7), long(11), long(7)].map((lines) => ({ lines, whole: true }))).map((flags) => flags.length)).toEqual([20_000, 20_000, 20_000])
})
