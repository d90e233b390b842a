import { expect, test } from 'vitest'
import { moveInGrid } from './tile-words.ts'
import type { Move } from './tile-words.ts'

test.each<[number, Move, number]>([
  [0, 'right', 1], [0, 'left', 0], [0, 'down', 4], [5, 'up', 1], [1, 'up', 1], [9, 'down', 9], [6, 'down', 6], [5, 'down', 9], [3, 'last', 9], [3, 'first', 0], [-1, 'right', 1],
])('of ten in fours, from %i %s to %i', (at, move, to) => {
  expect(moveInGrid(at, 10, 4, move)).toBe(to)
})
