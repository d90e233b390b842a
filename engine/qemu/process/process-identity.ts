/**
 * Which process is meant. A pid alone may by now belong to somebody else; a pid with its start
 * time, within one boot of the host, belongs to one process only.
 */
import { readdirSync, readFileSync } from 'node:fs'

export interface ProcessIdentity {
  readonly pid: number
  /** Field 22 of /proc/PID/stat (proc(5)): clock ticks since boot. */
  readonly startTicks: string
}

/** The identity of a process that runs now; null where there is none, or only its remains. */
export function identifyProcess(pid: number): ProcessIdentity | null {
  const stat = readStat(pid)
  if (stat === null || stat.state === 'Z' || stat.state === 'X') return null
  return { pid, startTicks: stat.startTicks }
}

/** Whether this very process was stopped by a signal or a tracer (states T and t). */
export function isHalted(identity: ProcessIdentity): boolean {
  const stat = readStat(identity.pid)
  return stat !== null && stat.startTicks === identity.startTicks && stat.state.toUpperCase() === 'T'
}

function readStat(pid: number): { state: string; startTicks: string } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command's name stands in brackets and may itself hold spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state, startTicks] = [fields[0], fields[19]]
    return state === undefined || startTicks === undefined ? null : { state, startTicks }
  } catch {
    return null
  }
}

/** Whether this very process still runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startTicks === identity.startTicks
}

/** Whether the process was started with exactly this argument (proc(5), cmdline): a path that only one of ours is given names it for sure. */
export function hasArgument(pid: number, argument: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(argument)
  } catch {
    return false
  }
}

/** Every process of the host that was started with exactly this argument. */
export function findByArgument(argument: string): ProcessIdentity[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^[0-9]+$/.test(name) || !hasArgument(Number(name), argument)) return []
    return identifyProcess(Number(name)) ?? []
  })
}

/** Sends a signal to this very process; false where it is gone. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false
  try {
    return process.kill(identity.pid, signal)
  } catch {
    return false
  }
}

/** Bytes of memory this process has resident (statm(5), pages of the system's size); null where it is gone. */
export function residentBytes(pid: number): number | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const match = /^VmRSS:\s+(\d+) kB$/m.exec(status)
    return match?.[1] === undefined ? null : Number(match[1]) * 1024
  } catch {
    return null
  }
}

/** Memory of a process in bytes, what it shares counted in part (proc(5), smaps_rollup). Null where it cannot be read. */
export function proportionalBytes(pid: number): number | null {
  try {
    const match = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))
    return match?.[1] === undefined ? null : Number(match[1]) * 1024
  } catch {
    return null
  }
}

/** Changes with every start of the host (random(4)). */
export function hostBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}
