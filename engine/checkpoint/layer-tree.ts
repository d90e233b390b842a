/**
 * The layers of one machine as a tree: which point names which, who stands on whom. Pure, so
 * that what may be merged or removed can be tested without a file.
 */
import type { DeviceId } from '../../contract/ids.ts'
import type { Layers } from '../machine/layers.ts'

/** The chains of the present and of each checkpoint. */
export type Points = readonly Layers[]

/** Every layer of a disk that some point names. */
export function namedLayers(points: Points, disk: DeviceId): ReadonlySet<string> {
  return new Set(points.flatMap((point) => point[disk] ?? []))
}

/** All disks that some point has. */
export function allDisks(points: Points): DeviceId[] {
  return [...new Set(points.flatMap((point) => Object.keys(point)))].sort()
}

export interface Merge {
  readonly disk: DeviceId
  /** Takes the content of `from`, and its place. */
  readonly into: string
  readonly from: string
}

/**
 * A layer that no point needs by itself: it is nobody's topmost, and exactly one layer stands on
 * it, whose content can go into it. `isShared` layers have other owners and are never written to.
 */
export function findMerge(points: Points, isShared: (disk: DeviceId, file: string) => boolean): Merge | null {
  for (const disk of allDisks(points)) {
    const chains = points.flatMap((point) => point[disk] ?? []).length === 0 ? [] : points.flatMap((point) => (point[disk] === undefined ? [] : [point[disk]]))
    const tips = new Set(chains.map((chain) => chain.at(-1)))
    const above = new Map<string, Set<string>>()
    for (const chain of chains) {
      for (const [index, file] of chain.entries()) {
        const next = chain[index + 1]
        const children = above.get(file) ?? new Set()
        if (next !== undefined) children.add(next)
        above.set(file, children)
      }
    }
    for (const [into, children] of above) {
      const [from] = children
      if (from === undefined || children.size !== 1 || tips.has(into) || isShared(disk, into) || isShared(disk, from)) continue
      return { disk, into, from }
    }
  }
  return null
}

/** A chain after `from` went into `into`. */
export function mergedChain(chain: readonly string[], { into, from }: Merge): string[] {
  return chain.includes(into) ? chain.filter((file) => file !== from) : [...chain]
}

/** The layers that stand directly on `file`. */
export function layersAbove(points: Points, disk: DeviceId, file: string): string[] {
  return [...new Set(points.flatMap((point) => {
    const chain = point[disk] ?? []
    const next = chain[chain.indexOf(file) + 1]
    return chain.includes(file) && next !== undefined ? [next] : []
  }))]
}
