/** Whether limits for machines (CPU, disk) can be set: they need control groups of version 2. */
import { readFile } from 'node:fs/promises'
import type { Diagnostic } from './diagnostic.ts'
import { ok, remedy } from './diagnostic.ts'

const wanted = ['cpu', 'io', 'memory']

export const controlGroupsDiagnostic: Diagnostic = {
  id: 'control-groups',
  title: 'Control groups',
  applicable: () => true,
  async check() {
    const tried = 'Read /sys/fs/cgroup/cgroup.controllers.'
    const concerns = 'Limits for the CPU and disk use of machines are not available.'
    const text = await readFile('/sys/fs/cgroup/cgroup.controllers', 'utf8').catch(() => undefined)
    if (text === undefined) {
      return { status: 'warning', found: 'Control groups are not of version 2 here.', tried, concerns, remedies: [remedy('Start the kernel with systemd.unified_cgroup_hierarchy=1.', null, true)] }
    }
    const missing = wanted.filter((name) => !text.trim().split(' ').includes(name))
    if (missing.length === 0) return ok('They are of version 2, with controllers for CPU, disk and memory.', tried)
    return { status: 'warning', found: `They are of version 2, but without: ${missing.join(', ')}.`, tried, concerns, remedies: [] }
  },
}
