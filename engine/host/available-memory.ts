/** Memory the host could still give out. */
import { readFileSync } from 'node:fs'
import { freemem } from 'node:os'

/** MemAvailable (proc(5)) counts what caches would give back; free memory alone misleads. Tests name a file of their own (`MAYFLY_MEMINFO`), to be on a host that is full. */
export function availableMemoryBytes(): number {
  try {
    const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync(process.env['MAYFLY_MEMINFO'] ?? '/proc/meminfo', 'utf8'))?.[1]
    return kib === undefined ? freemem() : Number(kib) * 1024
  } catch {
    return freemem()
  }
}
