/** For tests of RAM layers: memory with random content, and numbers that a printed seed brings back. */
import { randomInt } from 'node:crypto'
import { writeSync } from 'node:fs'
import { loadNative } from '../native.ts'
import { extentKinds, type OpenRamLayer, type RamExtents, ramPageBytes } from '../qemu/process/ram-layer.ts'

export interface RandomNumbers {
  readonly seed: number
  /** From 0, below `limit`. */
  below(limit: number): number
}

/** mulberry32: small, and good enough to choose cases by. */
export function randomNumbers(seed = Number(process.env['MAYFLY_TEST_SEED'] ?? randomInt(2 ** 31))): RandomNumbers {
  let state = seed
  return {
    seed,
    below(limit) {
      state = (state + 0x6d2b79f5) | 0
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
      return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
    },
  }
}

export function randomExtents(random: RandomNumbers, pages: number): RamExtents {
  const extents: number[] = []
  for (let page = random.below(10); page < pages;) {
    const count = Math.min(1 + random.below(20), pages - page)
    extents.push(page, count, random.below(4) === 0 ? extentKinds.zero : extentKinds.data)
    page += count + random.below(10)
  }
  return Uint32Array.from(extents)
}

/** A layer in memory as QEMU would make it. Its pages of data are random, and some of them zero or alike. */
export function layerInMemory(random: RandomNumbers, id: string, ramBytes: number, extents: RamExtents): OpenRamLayer {
  const descriptor = loadNative().memfdCreate('mayfly-test-layer', ramBytes)
  for (let at = 0; at < extents.length; at += 3) {
    const [first = 0, count = 0, kind = 0] = extents.subarray(at, at + 3)
    if (kind !== extentKinds.data) continue
    for (let page = first; page < first + count; page++) {
      const content = random.below(5)
      if (content > 0) writeSync(descriptor, Buffer.alloc(ramPageBytes, `${content > 2 ? `${id}-${page}` : content};`), 0, ramPageBytes, page * ramPageBytes)
    }
  }
  return { id, descriptor, extents }
}
