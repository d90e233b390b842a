/** What processes have cost so far, as /proc/PID/stat counts it (proc(5)). */
import { readdirSync, readFileSync } from 'node:fs'

/** Fields after the name: the state is the first, the parent the second. */
function statOf(pid: number): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return []
  }
}

export function childrenOf(parent: number): number[] {
  return readdirSync('/proc').map(Number).filter((pid) => Number.isInteger(pid) && Number(statOf(pid)[1]) === parent)
}

export function withDescendants(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(withDescendants)]
}

/** User and system time; Linux counts it in hundredths everywhere. */
export function cpuSecondsOf(pid: number): number {
  const stat = statOf(pid)
  return stat.length === 0 ? 0 : (Number(stat[11]) + Number(stat[12])) / 100
}
