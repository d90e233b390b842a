/** Memory the host could still give out. */
import { readFileSync } from 'node:fs'
import { freemem } from 'node:os'

/** MemAvailable (proc(5)) counts what caches would give back; free memory alone misleads. */
export function availableMemoryBytes(): number {
  try {
    const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]
    return kib === undefined ? freemem() : Number(kib) * 1024
  } catch {
    return freemem()
  }
}
