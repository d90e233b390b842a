/** The pages of a new RAM layer: which of them are needed, where they come from, and into its file with them. */
import { MayflyError } from '../../contract/errors.ts'
import { extentKinds, type OpenRamLayer, type RamExtents, ramPageBytes } from '../qemu/process/ram-layer.ts'
import { composeRam, faceToFace, gapsOf, joinExtents, nothingBeneath, within } from './compose-ram.ts'
import { copyRanges, withBeneath } from './copy-ranges.ts'

interface PagesRequest {
  readonly ramBytes: number
  readonly layers: readonly OpenRamLayer[]
  readonly beneath: readonly OpenRamLayer[]
  readonly signal?: AbortSignal
  readonly onProgress?: (done: { readonly bytes: number; readonly ofBytes: number }) => void
}

interface WrittenPages {
  readonly extents: RamExtents
  readonly writtenBytes: number
  readonly digest: bigint
}

/** Fills the empty file `target`. Throws `cancelled`, or the system's error. */
export async function writePages(target: number, { ramBytes, layers, beneath, signal, onProgress }: PagesRequest): Promise<WrittenPages> {
  const pages = ramBytes / ramPageBytes
  const pile = [...beneath, ...layers]
  const files = pile.map(({ descriptor }) => descriptor)
  const sources = composeRam(extentsOf(layers), beneath.length)
  const ranges = beneath.length === 0 ? withBeneath(sources, nothingBeneath) : faceToFace(sources, composeRam(extentsOf(beneath)))
  let ofPages = 0
  for (let at = 1; at < ranges.length; at += 4) ofPages += ranges[at] ?? 0
  const common = { target, files, ...(signal === undefined ? {} : { signal }) }
  try {
    const changed = await copyRanges({ ...common, ranges, onProgress: (done) => onProgress?.({ bytes: done * ramPageBytes, ofBytes: ofPages * ramPageBytes }) })
    // The lowest layer holds everything: what is not in its file is zero.
    if (beneath.length === 0) return { ...changed, extents: Uint32Array.of(0, pages, extentKinds.data) }
    const extents = joinExtents(changed.extents)
    const gaps = within(composeRam(extentsOf(pile)), gapsOf(extents, changed.extents))
    const between = await copyRanges({ ...common, ranges: withBeneath(gaps, nothingBeneath) })
    return { extents, writtenBytes: changed.writtenBytes + between.writtenBytes, digest: BigInt.asUintN(64, changed.digest + between.digest) }
  } catch (error) {
    if (signal?.aborted === true) throw new MayflyError('cancelled', 'Writing the RAM was cancelled.', {}, { cause: error })
    throw error
  }
}

function extentsOf(layers: readonly OpenRamLayer[]): RamExtents[] {
  return layers.map(({ extents }) => extents)
}
