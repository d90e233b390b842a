/** Whether there is memory for machines: theirs is real memory, held in files that only memory backs. */
import { readFile } from 'node:fs/promises'
import type { Diagnostic } from './diagnostic.ts'
import { ok, remedy } from './diagnostic.ts'
import { formatBytes } from './format-bytes.ts'

const tried = 'Read /proc/meminfo and the limits of the control group.'
const gibibyte = 1024 ** 3
/** Strict accounting (proc(5), vm.overcommit_memory): memory that is promised counts as used. */
const strictOvercommit = '2'

export const memoryDiagnostic: Diagnostic = {
  id: 'memory',
  title: 'Memory',
  applicable: () => true,
  async check() {
    const available = /^MemAvailable:\s+(\d+) kB$/m.exec(await readFile('/proc/meminfo', 'utf8'))?.[1]
    if (available === undefined) return { status: 'unknown', found: 'The kernel does not say how much memory is available.', tried, concerns: '', remedies: [] }
    const bytes = Math.min(Number(available) * 1024, await roomInGroup())
    const found = `${formatBytes(bytes)} of memory are available.`
    if (bytes < gibibyte / 4) return { status: 'problem', found, tried, concerns: 'Machines will hardly start.', remedies: [remedy('Close programs, or stop machines that run.')] }
    if (bytes < gibibyte) return { status: 'warning', found, tried, concerns: 'There is room for small machines only.', remedies: [remedy('Close programs, or stop machines that run.')] }
    const overcommit = await readFile('/proc/sys/vm/overcommit_memory', 'utf8').catch(() => '')
    if (overcommit.trim() === strictOvercommit) {
      const concerns = 'Forks reserve memory they may never use; strict accounting counts all of it.'
      return { status: 'warning', found: `${found} The kernel accounts strictly.`, tried, concerns, remedies: [remedy('Let the kernel overcommit.', 'sudo sysctl vm.overcommit_memory=0', true)] }
    }
    return ok(found, tried)
  },
}

/** What the control group of this process (version 2) still allows; infinite where it sets no limit. */
async function roomInGroup(): Promise<number> {
  const group = /^0::(.*)$/m.exec(await readFile('/proc/self/cgroup', 'utf8').catch(() => ''))?.[1]
  if (group === undefined) return Infinity
  const [limit, used] = await Promise.all(['memory.max', 'memory.current'].map((name) => readFile(`/sys/fs/cgroup${group}/${name}`, 'utf8').catch(() => 'max')))
  const room = Number(limit) - Number(used)
  return Number.isNaN(room) ? Infinity : Math.max(0, room)
}
