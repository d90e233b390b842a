/** For tests of RAM layers: memory with random content. */
import { writeSync } from 'node:fs'
import { loadNative } from '../native.ts'
import { extentKinds, type OpenRamLayer, type RamExtents, ramPageBytes } from '../qemu/process/ram-layer.ts'
import type { RandomNumbers } from '../random-numbers.fixture.ts'

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
