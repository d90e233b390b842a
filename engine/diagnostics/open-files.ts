/** Whether the engine may hold as many files open as many machines need. */
import { readFile } from 'node:fs/promises'
import type { Diagnostic } from './diagnostic.ts'
import { ok, remedy } from './diagnostic.ts'

/** A machine costs the engine about ten descriptors (monitor, serial, agent, logs); browsers of the console a few more. */
const enough = 4096

export const openFilesDiagnostic: Diagnostic = {
  id: 'open-files',
  title: 'Open files',
  applicable: () => true,
  async check() {
    const tried = "Read this process's limits (Node raises them as far as it may)."
    const limit = /^Max open files\s+(\d+|unlimited)/m.exec(await readFile('/proc/self/limits', 'utf8'))?.[1]
    const files = limit === 'unlimited' ? Infinity : Number(limit)
    if (files >= enough) return ok(limit === 'unlimited' ? 'There is no limit.' : `Up to ${limit} files may be open.`, tried)
    return {
      status: 'warning',
      found: `Only ${limit} files may be open at once.`,
      tried,
      concerns: `About ${Math.floor(files / 20)} machines can run at the same time.`,
      remedies: [remedy('Raise the limit for your user (nofile in /etc/security/limits.conf), then log in again.', null, true)],
    }
  },
}
