/** Copying and comparing pages in pieces, so that it can be cancelled and told how far it is. */
import { getSystemErrorName } from 'node:util'
import { type CopiedPages, loadNative } from '../native.ts'
import { ramPageBytes } from '../qemu/process/ram-layer.ts'
import type { RamRuns } from './compose-ram.ts'

export interface CopyRangesRequest {
  /** -1 only looks. */
  readonly target: number
  readonly files: readonly number[]
  /** Four numbers each, as `copyPages` takes them. */
  readonly ranges: Uint32Array
  readonly signal?: AbortSignal
  /** Pages done so far. */
  readonly onProgress?: (pages: number) => void
}

/** 64 MiB: some tens of milliseconds, and far fewer calls than pages. */
const pagesAtOnce = (64 * 1024 * 1024) / ramPageBytes

/** Throws the signal's reason, or the system's error with its `code`. */
export async function copyRanges({ target, files, ranges, signal, onProgress }: CopyRangesRequest): Promise<CopiedPages> {
  const native = loadNative()
  const descriptors = Int32Array.from(files)
  const parts: Uint32Array[] = []
  let [writtenBytes, digest, pages] = [0, 0n, 0]
  for (const piece of inPieces(ranges)) {
    signal?.throwIfAborted()
    const copied = await native.copyPages(target, descriptors, piece).catch((error: unknown) => {
      throw withCode(error)
    })
    parts.push(copied.extents)
    writtenBytes += copied.writtenBytes
    digest = BigInt.asUintN(64, digest + copied.digest)
    for (let at = 1; at < piece.length; at += 4) pages += piece[at] ?? 0
    onProgress?.(pages)
  }
  signal?.throwIfAborted()
  return { extents: concatenate(parts), writtenBytes, digest }
}

/** Runs as ranges that are all held against the same. */
export function withBeneath(runs: RamRuns, beneath: number): Uint32Array {
  const ranges = new Uint32Array((runs.length / 3) * 4)
  for (let run = 0, at = 0; run < runs.length; run += 3, at += 4) {
    ranges.set(runs.subarray(run, run + 3), at)
    ranges[at + 3] = beneath
  }
  return ranges
}

function* inPieces(ranges: Uint32Array): Generator<Uint32Array> {
  let piece: number[] = []
  let room = pagesAtOnce
  for (let at = 0; at < ranges.length; at += 4) {
    const [first = 0, count = 0, source = 0, beneath = 0] = ranges.subarray(at, at + 4)
    for (let done = 0; done < count;) {
      const pages = Math.min(count - done, room)
      piece.push(first + done, pages, source, beneath)
      done += pages
      room -= pages
      if (room > 0) continue
      yield Uint32Array.from(piece)
      piece = []
      room = pagesAtOnce
    }
  }
  if (piece.length > 0) yield Uint32Array.from(piece)
}

/** Extents that were cut where two pieces meet stay cut; whoever joins them later sees no difference. */
function concatenate(parts: readonly Uint32Array[]): Uint32Array {
  const whole = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Node's own errors have a `code`; the addon's have the number only. */
function withCode(error: unknown): unknown {
  if (error instanceof Error && 'errno' in error && typeof error.errno === 'number') Object.assign(error, { code: getSystemErrorName(-error.errno) })
  return error
}
