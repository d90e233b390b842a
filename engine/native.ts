/** The N-API addon, loaded once: the few things of Linux that Node does not offer. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MayflyError } from '../contract/errors.ts'
import { lastingFolder } from './lasting-parts.ts'

export interface CopiedPages {
  /** What differs, three numbers each: first page, number of pages, 1 for data or 2 for zeroes. */
  readonly extents: Uint32Array
  readonly writtenBytes: number
  /** A sum over the pages of data, in any order; the same pages in the same places have the same. */
  readonly digest: bigint
}

export interface Native {
  /** Takes an exclusive advisory lock on an open file without waiting; it ends with the process. True: it is ours. */
  flockExclusive(fd: number): boolean
  /** A descriptor of zeroed anonymous memory; sealable. `name` is seen in /proc only. */
  memfdCreate(name: string, bytes: number): number
  /**
   * Copies pages of guest memory (4,096 bytes) in another thread. `files`: descriptors. `ranges`, four
   * numbers each: first page, number of pages, index of the file they come from (2^32-1: zeroes), index
   * of the file beneath (2^32-1: zeroes; 2^32-2: none). Pages that equal the one beneath are left out, and
   * zeroes are not written. `target`: -1 only looks. Rejects with an Error that has `errno`.
   */
  copyPages(target: number, files: Int32Array, ranges: Uint32Array): Promise<CopiedPages>
  /** How fast this host's time stamp counter runs; null where it has none. Takes 10 ms. */
  tscKHz(): number | null
}

let loaded: Native | undefined

/** Where the native parts lie, and stay when this process is gone: beside the bundle in `out/`, or in the checkout's `out/` when run from source. */
export function nativeFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  for (;;) {
    for (const candidate of [join(folder, 'native'), join(folder, 'out', 'native')]) {
      if (existsSync(join(candidate, 'mayfly.node'))) return lastingFolder(candidate)
    }
    const parent = dirname(folder)
    if (parent === folder) break
    folder = parent
  }
  throw new MayflyError('host-unavailable', 'Mayfly\'s native parts are not built.', { check: 'native' }, { next: 'Run npm run build.' })
}

/** Loads the addon. Throws `host-unavailable` where it was not built. */
export function loadNative(): Native {
  if (loaded === undefined) {
    const module: { exports: unknown } = { exports: {} }
    process.dlopen(module, join(nativeFolder(), 'mayfly.node'))
    loaded = module.exports as Native
  }
  return loaded
}
