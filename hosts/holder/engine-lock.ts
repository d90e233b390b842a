/**
 * Exactly one engine for each data folder. The lock is the kernel's (flock on a file that is
 * never removed), so it ends with its holder however that ends, and there is no moment in which
 * two could believe to have it. What the file says about the holder is for people and for
 * taking over; it may be stale, and nothing is decided by it alone.
 */
import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { loadNative } from '../../engine/native.ts'
import { hostBootId, identifyProcess, isAlive } from '../../engine/qemu/process/process-identity.ts'
import type { ProcessIdentity } from '../../engine/qemu/process/process-identity.ts'

export interface HolderInfo extends ProcessIdentity {
  /** Start times mean something within one boot only. */
  readonly bootId: string
  /** `cli` detached, `serve`, `window`, `test`. */
  readonly holder: string
  readonly version: string
  /** Where it listens. */
  readonly socket: string
}

export interface EngineLock {
  release(): void
}

/** The waker looks at the lock for an instant, and must not be taken for an engine. */
const attempts = 3
const attemptEveryMs = 2

/** Takes the lock for this process without waiting; null where another has it. The file's folder must exist. */
export function takeEngineLock(path: string, holder: Pick<HolderInfo, 'holder' | 'version' | 'socket'>): EngineLock | null {
  // Not followed if it is a link. Closed on exec, as all Node opens: a QEMU we start must not inherit the lock.
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  for (let attempt = 1; !loadNative().flockExclusive(fd); attempt++) {
    if (attempt === attempts) {
      closeSync(fd)
      return null
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, attemptEveryMs)
  }
  const identity = identifyProcess(process.pid) ?? { pid: process.pid, startTicks: '' }
  ftruncateSync(fd)
  writeSync(fd, JSON.stringify({ ...identity, bootId: hostBootId(), ...holder } satisfies HolderInfo), 0)
  return {
    release: () => {
      ftruncateSync(fd)
      closeSync(fd)
    },
  }
}

/** Who holds the lock, if the file tells and that very process still runs. */
export function readHolder(path: string): HolderInfo | null {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return null
  }
  if (!isHolderInfo(value) || value.bootId !== hostBootId() || !isAlive(value)) return null
  return value
}

function isHolderInfo(value: unknown): value is HolderInfo {
  if (typeof value !== 'object' || value === null) return false
  const { pid, ...texts } = value as Record<string, unknown>
  return Number.isInteger(pid) && ['startTicks', 'bootId', 'holder', 'version', 'socket'].every((name) => typeof texts[name] === 'string')
}
