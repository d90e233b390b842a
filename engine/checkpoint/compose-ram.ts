/**
 * What a pile of RAM layers amounts to: for every run of pages the layer that says what is in them.
 * Pure. Runs are packed, three numbers each: first page, number of pages, source.
 */
import { extentKinds, type RamExtents } from '../qemu/process/ram-layer.ts'

/** In place of a layer's number: the pages are zero. The same for `copyPages`. */
export const zeroSource = 2 ** 32 - 1
/** In place of a layer's number beneath: there is nothing to compare with. */
export const nothingBeneath = 2 ** 32 - 2

/** First page, number of pages, number of the layer or `zeroSource`; in order. What no layer names is not in it. */
export type RamRuns = Uint32Array

/** Lays all layers on one another, lowest first; that one has the number `firstNumber`. */
export function composeRam(layers: readonly RamExtents[], firstNumber = 0): RamRuns {
  let runs: RamRuns = new Uint32Array()
  for (const [index, extents] of layers.entries()) runs = layOver(runs, asRuns(extents, firstNumber + index))
  return runs
}

function asRuns(extents: RamExtents, layer: number): RamRuns {
  const runs = new Uint32Array(extents)
  for (let at = 2; at < runs.length; at += 3) runs[at] = runs[at] === extentKinds.zero ? zeroSource : layer
  return runs
}

/** Runs joined as they come. */
class RunList {
  readonly #numbers: number[] = []

  add(first: number, count: number, source: number): void {
    const last = this.#numbers.length - 3
    if (last >= 0 && this.#numbers[last + 2] === source && (this.#numbers[last] ?? 0) + (this.#numbers[last + 1] ?? 0) === first) this.#numbers[last + 1] = (this.#numbers[last + 1] ?? 0) + count
    else this.#numbers.push(first, count, source)
  }

  get runs(): RamRuns {
    return Uint32Array.from(this.#numbers)
  }
}

const end = Number.POSITIVE_INFINITY

function layOver(below: RamRuns, above: RamRuns): RamRuns {
  const list = new RunList()
  let [low, high, page] = [0, 0, 0]
  while (low < below.length || high < above.length) {
    const [lowFirst, lowEnd] = bounds(below, low)
    const [highFirst, highEnd] = bounds(above, high)
    if (page >= lowEnd) low += 3
    else if (page >= highEnd) high += 3
    else if (page >= highFirst) {
      list.add(page, highEnd - page, above[high + 2] ?? 0)
      page = highEnd
    } else if (page >= lowFirst) {
      const until = Math.min(lowEnd, highFirst)
      list.add(page, until - page, below[low + 2] ?? 0)
      page = until
    } else {
      page = Math.min(lowFirst, highFirst)
    }
  }
  return list.runs
}

function bounds(runs: RamRuns, at: number): readonly [number, number] {
  const first = runs[at]
  return first === undefined ? [end, end] : [first, first + (runs[at + 1] ?? 0)]
}

/**
 * Which pages are to be compared with which: for every run of `above` what lies beneath it in
 * `below`, four numbers each as `copyPages` takes them.
 */
export function faceToFace(above: RamRuns, below: RamRuns): Uint32Array {
  const ranges: number[] = []
  let low = 0
  for (let high = 0; high < above.length; high += 3) {
    const [first, highEnd] = bounds(above, high)
    const source = above[high + 2] ?? 0
    for (let page = first; page < highEnd;) {
      while (bounds(below, low)[1] <= page) low += 3
      const [lowFirst, lowEnd] = bounds(below, low)
      const isCovered = page >= lowFirst
      const until = Math.min(highEnd, isCovered ? lowEnd : lowFirst)
      ranges.push(page, until - page, source, isCovered ? (below[low + 2] ?? 0) : nothingBeneath)
      page = until
    }
  }
  return Uint32Array.from(ranges)
}

/** A layer's extents are joined where no more than this many pages lie between, at least. Each costs a mapping (two microseconds) at every start, and each page between them 4 KiB of disk: measured on an idle guest, four pages instead of one save a fifth of the mappings and cost a third more disk. */
const firstGapPages = 2
/** Shorter runs of zeroes are holes of the layer's file instead of extents of their own. */
const shortZeroPages = 64
/** As many as the library maps of one layer (native/ram/ram.h). */
export const mostExtents = 8_192

/** Joins what lies close together until few enough are left. The pages between must then be written too. */
export function joinExtents(extents: RamExtents, most = mostExtents): RamExtents {
  for (let gap = firstGapPages; ; gap *= 2) {
    const joined: number[] = []
    for (let at = 0; at < extents.length; at += 3) {
      const [first = 0, count = 0] = extents.subarray(at, at + 2)
      const kind = extents[at + 2] === extentKinds.zero && count > Math.max(gap, shortZeroPages) ? extentKinds.zero : extentKinds.data
      const last = joined.length - 3
      const lastEnd = (joined[last] ?? 0) + (joined[last + 1] ?? 0)
      if (last >= 0 && kind === extentKinds.data && joined[last + 2] === extentKinds.data && first - lastEnd <= gap) joined[last + 1] = first + count - (joined[last] ?? 0)
      else joined.push(first, count, kind)
    }
    if (joined.length / 3 <= most) return Uint32Array.from(joined)
  }
}

/** The pages that `joined` has and `extents` has not. */
export function gapsOf(joined: RamExtents, extents: RamExtents): RamRuns {
  const gaps = new RunList()
  let at = 0
  for (let outer = 0; outer < joined.length; outer += 3) {
    const [outerFirst, outerEnd] = bounds(joined, outer)
    let page = outerFirst
    while (page < outerEnd) {
      while (bounds(extents, at)[1] <= page) at += 3
      const [first, innerEnd] = bounds(extents, at)
      if (page < first) {
        const until = Math.min(first, outerEnd)
        gaps.add(page, until - page, 0)
        page = until
      } else {
        page = innerEnd
      }
    }
  }
  return gaps.runs
}

/** The runs of `runs` that lie within `pages`. */
export function within(runs: RamRuns, pages: RamRuns): RamRuns {
  const list = new RunList()
  let at = 0
  for (let outer = 0; outer < pages.length; outer += 3) {
    const [first, outerEnd] = bounds(pages, outer)
    while (bounds(runs, at)[1] <= first) at += 3
    for (let inner = at; bounds(runs, inner)[0] < outerEnd; inner += 3) {
      const [runFirst, runEnd] = bounds(runs, inner)
      const from = Math.max(runFirst, first)
      const until = Math.min(runEnd, outerEnd)
      if (from < until) list.add(from, until - from, runs[inner + 2] ?? 0)
    }
  }
  return list.runs
}
