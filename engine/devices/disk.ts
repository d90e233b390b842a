/** What people are told about a disk. */
import type { Disk } from '../../contract/device.ts'
import { sayBootIndex, sayMiB, saySwitch, sayText, type Setting, setting } from './setting.ts'

/** `20 GiB on virtio-blk, read-only`. */
export function describeDisk(disk: Disk): string {
  return [`${sayMiB(disk.sizeMiB)} on ${disk.bus}`, ...(disk.readOnly ? ['read-only'] : []), ...(disk.label === '' ? [] : [disk.label])].join(', ')
}

export const diskSettings: readonly Setting<Disk>[] = [
  setting('label', 'now', (disk) => disk.label, (label) => (label === '' ? 'none' : label)),
  setting('bus', 'next-start', (disk) => disk.bus, sayText),
  setting('sizeMiB', 'now', (disk) => disk.sizeMiB, sayMiB),
  setting('readOnly', 'next-start', (disk) => disk.readOnly, saySwitch),
  setting('cache', 'next-start', (disk) => disk.cache, sayText),
  setting('bootIndex', 'next-start', (disk) => disk.bootIndex, sayBootIndex),
]
