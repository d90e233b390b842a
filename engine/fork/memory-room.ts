/**
 * Whether the host has the memory for forks. They share what is unchanged, so what they will take is not known; what
 * they surely take, and what they could, is. Forks that are being made have taken none of it yet, so theirs
 * is counted besides: calls that come together see each other.
 */
import { MayflyError } from '../../contract/errors.ts'
import { formatBytes } from '../diagnostics/format-bytes.ts'
import { availableMemoryBytes } from '../host/available-memory.ts'

const mebibyte = 1024 * 1024
/** QEMU itself, its translated code and the pages every guest writes at once; measured 45 to 65 MB. */
const surelyBytes = 64 * mebibyte
/** Left for the host. */
const reserveBytes = 256 * mebibyte

/** Of forks that are being made: what they surely take, and what they could. The host's memory is one, so this is too. */
const beingMade = { least: 0, most: 0 }

export interface ForkMemory {
  /** Where it could come to swapping. */
  readonly warnings: readonly string[]
  /** The forks are there, or will not be: from now on the host says what they take. Called once. */
  readonly release: () => void
}

/** Reserves memory for `count` forks of a machine of `memoryMiB` until they are made. Throws `host-unavailable` where the host would begin to swap at once. */
export function reserveForkMemory(memoryMiB: number, count: number): ForkMemory {
  const available = Math.max(0, availableMemoryBytes() - beingMade.least)
  const least = count * surelyBytes
  if (least + reserveBytes > available) {
    const others = beingMade.least === 0 ? '' : ' besides what forks take that are being made'
    throw new MayflyError('host-unavailable', `The host has ${formatBytes(available)} of memory left${others}; ${count === 1 ? 'a fork takes' : `${count} forks take`} at least ${formatBytes(least)}. It would begin to swap.`, { check: 'memory' }, { next: 'Stop machines, or make fewer forks.' })
  }
  const most = count * (surelyBytes + memoryMiB * mebibyte)
  const isTight = most + reserveBytes > available - (beingMade.most - beingMade.least)
  beingMade.least += least
  beingMade.most += most
  return {
    warnings: isTight ? [`The host has ${formatBytes(available)} of memory left. ${count === 1 ? 'This fork' : 'These forks'} could come to need ${formatBytes(most)}, if all memory is written to; the host would then swap.`] : [],
    release() {
      beingMade.least -= least
      beingMade.most -= most
    },
  }
}
