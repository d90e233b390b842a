import { describe, expect, test } from 'vitest'
import { layOutTree, stepFrom } from './tree-layout.ts'
import type { Step, TreeLayout, TreePoint } from './tree-layout.ts'

/** `b<a` is a point b that grew from a; each is a minute younger than the one before. */
function tree(...points: string[]): TreePoint[] {
  return points.map((point, minute) => {
    const [id = '', parent = null] = point.split('<')
    return { id, parent, takenAt: new Date(minute * 60_000).toISOString() }
  })
}

/** One line a row: the point, moved in by its lane. */
function drawn({ points }: TreeLayout): string[] {
  return points.map(({ id, lane }) => `${'  '.repeat(lane)}${id ?? 'now'}`)
}

test('the way to the present is one line, branches stand beside it', () => {
  const layout = layOutTree(tree('installed', 'packages<installed', 'ready<packages', 'try18<ready', 'before<ready', 'deadlocks<before', 'batches<deadlocks', 'passes<before'), 'passes')
  expect(drawn(layout)).toEqual(['installed', 'packages', 'ready', '  try18', 'before', '  deadlocks', '  batches', 'passes', 'now'])
  expect(layout.edges.filter(({ led }) => led).map(({ from, to }) => `${from.id} ${to.id ?? 'now'}`)).toEqual(['installed packages', 'packages ready', 'ready before', 'before passes', 'passes now'])
  expect(layout).toMatchObject({ lanes: 2, rows: 9, branches: 3 })
})

test('a branch that is still open keeps its lane from others', () => {
  const layout = layOutTree(tree('a', 'b<a', 'x<a', 'y<a', 'x2<x', 'y2<y', 'x3<x'), 'b')
  // x3 comes down from x beside x2; y2 has ended by then.
  expect(drawn(layout)).toEqual(['a', 'b', '  x', '    y', '  x2', '    y2', '    x3', 'now'])
})

test('a lane is used again once its branch has ended', () => {
  expect(drawn(layOutTree(tree('a', 'x<a', 'b<a', 'y<b'), 'b'))).toEqual(['a', '  x', 'b', '  y', 'now'])
})

test('what led nowhere near the present has no part of its lane', () => {
  const layout = layOutTree(tree('old', 'old2<old', 'new'), 'new')
  expect(drawn(layout)).toEqual(['  old', '  old2', 'new', 'now'])
  expect(drawn(layOutTree(tree('a', 'b<a'), null))).toEqual(['  a', '  b', 'now'])
})

test('a parent stands above its child, whatever the clock said', () => {
  const [a, b] = tree('a<b', 'b')
  if (a === undefined || b === undefined) throw new TypeError('two points')
  expect(drawn(layOutTree([a, b], 'a'))).toEqual(['b', 'a', 'now'])
})

test('a parent that is not known makes a root', () => {
  expect(layOutTree(tree('a<gone'), 'a').edges.map(({ to }) => to.id)).toEqual([null])
})

test('nothing but the present', () => {
  expect(layOutTree([], null)).toEqual({ points: [{ id: null, row: 0, lane: 0 }], edges: [], leaves: [], lanes: 1, rows: 1, branches: 1 })
})

test('forks hang where no line and no point is', () => {
  const layout = layOutTree(tree('a', 'x<a', 'x2<x', 'b<a'), 'b', [{ of: 'a', rows: 2 }, { of: 'b', rows: 1 }, { of: null, rows: 3 }, { of: 'gone', rows: 1 }])
  expect(layout.leaves.map(({ of, lane, from }) => [of, from.row, lane])).toEqual([['a', 0, 2], ['b', 3, 1], [null, 4, 1]])
  expect(layout).toMatchObject({ rows: 7, lanes: 3 })
})

describe('arrows', () => {
  const layout = layOutTree(tree('a', 'b<a', 'x<a', 'c<b', 'x2<x', 'y<x'), 'c')
  test.each<[string | null, Step, string | null]>([
    [null, 'up', 'c'], ['c', 'down', null], ['a', 'up', 'a'], [null, 'down', null], ['a', 'right', 'x'], ['x', 'left', 'b'], ['x2', 'down', 'x2'], ['x', 'up', 'b'], ['x2', 'right', 'y'], ['y', 'right', 'y'], ['y', 'up', 'x2'], ['c', 'first', 'a'], ['a', 'last', null], ['gone', 'up', 'c'],
  ])('from %j %s to %j', (from, step, to) => {
    expect(stepFrom(layout, from, step)).toBe(to)
  })

  test('lead everywhere', () => {
    const reached = new Set<string | null>([null])
    for (const id of reached) for (const step of ['up', 'down', 'left', 'right'] as const) reached.add(stepFrom(layout, id, step))
    expect(reached.size).toBe(layout.points.length)
  })
})

test('a thousand points are laid out at once, and none on another', () => {
  const points = tree(...Array.from({ length: 1000 }, (_, index) => (index === 0 ? 'p0' : `p${index}<p${Math.max(0, index - 1 - (index % 7))}`)))
  const { points: placed } = layOutTree(points, 'p999')
  expect(new Set(placed.map(({ row, lane }) => `${row} ${lane}`)).size).toBe(1001)
})
