/** The guest's RAM: a file the engine made. Shared, so that a checkpoint can keep the file itself instead of a copy that QEMU writes. */
import type { DeviceArguments } from '../device-arguments.ts'
import { ramId } from '../qemu-ids.ts'

const bytesPerMiB = 1024 * 1024

/**
 * `merge` and `dump` off: no same-page merging, which leaks memory between guests by its timing, and
 * no guest memory in a core file.
 */
export function memoryArguments(memoryMiB: number, path: string): DeviceArguments {
  return {
    objects: [{ 'qom-type': 'memory-backend-file', id: ramId, size: memoryMiB * bytesPerMiB, 'mem-path': path, share: true, prealloc: false, merge: false, dump: false }],
  }
}
