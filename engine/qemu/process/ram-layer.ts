/**
 * What a frozen layer of RAM holds (docs/adr/0007): extents of pages, each of data or of zeroes.
 * What a layer does not name, the layer beneath says; the lowest one holds everything.
 */

/** A page of guest memory, everywhere here. */
export const ramPageBytes = 4096

/** As the library and our index files write it. */
export const extentKinds = { data: 1, zero: 2 } as const

/**
 * Extents in order, three numbers each: first page, number of pages, kind. Packed, because a layer
 * has up to 8,192 of them and a fork passes all of them on.
 */
export type RamExtents = Uint32Array

/** A layer that is open: in memory or on disk makes no difference. */
export interface OpenRamLayer {
  /** Twelve letters and digits. */
  readonly id: string
  readonly descriptor: number
  readonly extents: RamExtents
}

/** The pages a layer has of its own. */
export function countPages(extents: RamExtents): number {
  let pages = 0
  for (let at = 0; at < extents.length; at += 3) pages += extents[at + 1] ?? 0
  return pages
}

/** Whether extents are in order, within `pages`, and of a known kind. Whatever was read from outside is asked this first. */
export function areSound(extents: RamExtents, pages: number): boolean {
  if (extents.length % 3 !== 0) return false
  let end = 0
  for (let at = 0; at < extents.length; at += 3) {
    const [first = 0, count = 0, kind = 0] = extents.subarray(at, at + 3)
    if (count === 0 || first < end || first + count > pages || (kind !== extentKinds.data && kind !== extentKinds.zero)) return false
    end = first + count
  }
  return true
}
