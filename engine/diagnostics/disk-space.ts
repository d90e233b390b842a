/** Whether there is space where machines are kept. */
import { statfs } from 'node:fs/promises'
import type { Diagnostic } from './diagnostic.ts'
import { ok, remedy } from './diagnostic.ts'
import { formatBytes } from './format-bytes.ts'

const gibibyte = 1024 ** 3

export const diskSpaceDiagnostic: Diagnostic = {
  id: 'disk-space',
  title: 'Disk space',
  applicable: () => true,
  async check({ folders }) {
    const tried = `Asked the file system of ${folders.data}.`
    const { bavail, bsize } = await statfs(folders.data)
    const free = bavail * bsize
    const found = `${formatBytes(free)} are free where machines are kept.`
    if (free >= 10 * gibibyte) return ok(found, tried)
    const remedies = [remedy('Empty the trash of machines, or delete images that nothing uses.', 'mayfly trash empty'), remedy('Keep machines on a larger disk: set MAYFLY_HOME.')]
    if (free < gibibyte) return { status: 'problem', found, tried, concerns: 'Machines pause when their disks cannot grow.', remedies }
    return { status: 'warning', found, tried, concerns: 'New disks will soon fill it.', remedies }
  },
}
