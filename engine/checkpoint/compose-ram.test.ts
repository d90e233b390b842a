import { expect, test } from 'vitest'
import { countPages, extentKinds, type RamExtents } from '../qemu/process/ram-layer.ts'
import { composeRam, faceToFace, gapsOf, joinExtents, nothingBeneath, within, zeroSource } from './compose-ram.ts'
import { randomNumbers } from '../random-numbers.fixture.ts'
import { randomExtents } from './ram-layers.fixture.ts'

const { data, zero } = extentKinds

/** What each page's source is, said the slow way. */
function model(layers: readonly RamExtents[], pages: number): (number | null)[] {
  const sources: (number | null)[] = Array.from({ length: pages }, () => null)
  for (const [layer, extents] of layers.entries()) {
    for (let at = 0; at < extents.length; at += 3) {
      const [first = 0, count = 0, kind = 0] = extents.subarray(at, at + 3)
      sources.fill(kind === zero ? zeroSource : layer, first, first + count)
    }
  }
  return sources
}

/** The same, read from runs; fails where they are not in order. */
function spread(runs: Uint32Array, pages: number, width = 3): (number | null)[] {
  const sources: (number | null)[] = Array.from({ length: pages }, () => null)
  let end = 0
  for (let at = 0; at < runs.length; at += width) {
    const [first = 0, count = 0, source = 0] = runs.subarray(at, at + 3)
    expect(first).toBeGreaterThanOrEqual(end)
    sources.fill(source, first, first + count)
    end = first + count
  }
  return sources
}

test('a pile is what its uppermost layers say, and what those do not name, the ones beneath', () => {
  const lowest = Uint32Array.of(0, 100, data)
  const middle = Uint32Array.of(10, 20, data, 50, 10, zero)
  const top = Uint32Array.of(15, 5, zero, 55, 10, data)
  expect([...composeRam([lowest, middle, top])]).toEqual([0, 10, 0, 10, 5, 1, 15, 5, zeroSource, 20, 10, 1, 30, 20, 0, 50, 5, zeroSource, 55, 10, 2, 65, 35, 0])
})

test('random piles are composed as page by page', () => {
  const random = randomNumbers()
  for (let round = 0; round < 300; round++) {
    const pages = 1 + random.below(200)
    const layers = Array.from({ length: random.below(6) }, () => randomExtents(random, pages))
    expect(spread(composeRam(layers), pages), `seed ${random.seed}, round ${round}`).toEqual(model(layers, pages))
  }
})

test('every page of the layers above is held against its page beneath', () => {
  const random = randomNumbers()
  for (let round = 0; round < 300; round++) {
    const pages = 1 + random.below(200)
    const [above, below] = [composeRam([randomExtents(random, pages)], 7), composeRam([randomExtents(random, pages), randomExtents(random, pages)])]
    const ranges = faceToFace(above, below)
    const why = `seed ${random.seed}, round ${round}`
    expect(spread(ranges, pages, 4), why).toEqual(spread(above, pages))
    const beneath: (number | null)[] = Array.from({ length: pages }, () => null)
    for (let at = 0; at < ranges.length; at += 4) beneath.fill(ranges[at + 3] ?? 0, ranges[at], (ranges[at] ?? 0) + (ranges[at + 1] ?? 0))
    const low = spread(below, pages)
    expect(beneath, why).toEqual(spread(above, pages).map((source, page) => (source === null ? null : (low[page] ?? nothingBeneath))))
  }
})

test('joined extents hold all that was there, in few enough pieces, and the gaps are what they hold besides', () => {
  const random = randomNumbers()
  for (let round = 0; round < 300; round++) {
    const pages = 1 + random.below(2000)
    const extents = randomExtents(random, pages)
    const most = 1 + random.below(20)
    const joined = joinExtents(extents, most)
    const why = `seed ${random.seed}, round ${round}`
    expect(joined.length / 3, why).toBeLessThanOrEqual(most)
    const [before, after] = [spread(extents, pages), spread(joined, pages)]
    expect(before.every((kind, page) => kind === null || after[page] === kind || after[page] === data), why).toBe(true)
    const gaps = gapsOf(joined, extents)
    expect(spread(gaps, pages), why).toEqual(before.map((kind, page) => (kind === null && after[page] !== null ? 0 : null)))
    const everything = composeRam([Uint32Array.of(0, pages, data), extents])
    expect(countPages(within(everything, gaps)), why).toBe(countPages(gaps))
  }
})
