/** Whether the host has the memory for forks. They share what is unchanged, so what they will take is not known; what they surely take, and what they could, is. */
import { MayflyError } from '../../contract/errors.ts'
import { formatBytes } from '../diagnostics/format-bytes.ts'
import { availableMemoryBytes } from '../host/available-memory.ts'
import type { MachineCore } from '../machine/machine-core.ts'

const mebibyte = 1024 * 1024
/** QEMU itself, its translated code and the pages every guest writes at once; measured 45 to 65 MB. */
const surelyBytes = 64 * mebibyte
/** Left for the host. */
const reserveBytes = 256 * mebibyte

/** Throws `host-unavailable` where the host would begin to swap at once; answers with a warning where it could come to that. */
export function assertMemoryForForks(parent: MachineCore, count: number): string[] {
  const available = availableMemoryBytes()
  const memoryMiB = parent.run?.config.memoryMiB ?? parent.config.memoryMiB
  const least = count * surelyBytes + reserveBytes
  if (least > available) {
    throw new MayflyError('host-unavailable', `The host has ${formatBytes(available)} of memory left; ${count === 1 ? 'a fork takes' : `${count} forks take`} at least ${formatBytes(count * surelyBytes)}. It would begin to swap.`, { check: 'memory' }, { next: 'Stop machines, or make fewer forks.' })
  }
  const most = count * (surelyBytes + memoryMiB * mebibyte) + reserveBytes
  if (most <= available) return []
  return [`The host has ${formatBytes(available)} of memory left. ${count === 1 ? 'This fork' : 'These forks'} could come to need ${formatBytes(most - reserveBytes)}, if all memory is written to; the host would then swap.`]
}
