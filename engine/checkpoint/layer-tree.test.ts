import { expect, test } from 'vitest'
import type { Layers } from '../machine/layers.ts'
import { allDisks, findMerge, layersAbove, mergedChain, namedLayers, type Points } from './layer-tree.ts'

const own = (): boolean => false
const disk0 = (...chains: string[][]): Points => chains.map((chain): Layers => ({ disk0: chain }))

test.each([
  ['nothing between points', disk0(['a', 'b'], ['a']), null],
  ['a layer that is no point any more', disk0(['a', 'b', 'c'], ['a']), { disk: 'disk0', into: 'b', from: 'c' }],
  ['the layer of a point into one below it that is none', disk0(['a', 'b', 'c'], ['a', 'b']), { disk: 'disk0', into: 'a', from: 'b' }],
  ['never where two stand on it', disk0(['a', 'b'], ['a', 'c']), null],
  ['below a fork of the tree', disk0(['a', 'b', 'c'], ['a', 'b', 'd']), { disk: 'disk0', into: 'a', from: 'b' }],
])('%s is merged', (_what, points, expected) => {
  expect(findMerge(points, own)).toEqual(expected)
})

test('what others own is never written to', () => {
  expect(findMerge(disk0(['a', 'b', 'c']), (_disk, file) => file === 'a')).toEqual({ disk: 'disk0', into: 'b', from: 'c' })
  expect(findMerge(disk0(['a', 'b', 'c']), (_disk, file) => file === 'b')).toBeNull()
})

test('a merge changes every chain that has both, and no other', () => {
  const merge = { disk: 'disk0', into: 'b', from: 'c' }
  expect([mergedChain(['a', 'b', 'c', 'd'], merge), mergedChain(['a', 'c'], merge), mergedChain(['a', 'b'], merge)]).toEqual([['a', 'b', 'd'], ['a', 'c'], ['a', 'b']])
})

test('who stands on whom, and who is named at all', () => {
  const points: Points = [{ disk0: ['a', 'b'], disk1: ['x'] }, { disk0: ['a', 'c', 'd'] }]
  expect([allDisks(points), [...namedLayers(points, 'disk0')], layersAbove(points, 'disk0', 'a'), layersAbove(points, 'disk0', 'd')]).toEqual([['disk0', 'disk1'], ['a', 'b', 'c', 'd'], ['b', 'c'], []])
})
