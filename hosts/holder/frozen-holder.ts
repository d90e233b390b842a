/**
 * An engine's holder that is alive but does not answer: how it is told, and how another process
 * takes its place. Machines run on through it, because they do not need an engine to run.
 */
import { readFileSync } from 'node:fs'
import { MayflyError } from '../../contract/errors.ts'
import { frozenEngineCheck } from '../../contract/wire/frozen-engine.ts'
import { isAlive, signalProcess } from '../../engine/qemu/process/process-identity.ts'
import type { ProcessIdentity } from '../../engine/qemu/process/process-identity.ts'
import type { HolderInfo } from './engine-lock.ts'

const endsWithinMs = 15_000

/** Says that it does not answer, and `next`: what to do about it. */
export function frozenError({ holder, pid }: HolderInfo, next: (wakeCommand: string | null) => string): MayflyError<'host-unavailable'> {
  const stopped = isStopped(pid)
  return new MayflyError('host-unavailable', `The engine (${holder}, process ${pid}) is alive but does not answer${stopped ? '; its process was stopped' : ''}. Machines run on.`, { check: frozenEngineCheck }, { next: next(stopped ? `kill -CONT ${pid}` : null) })
}

/** Kills it and waits until it is gone. Throws `host-unavailable` where it does not go. */
export async function endHolder(holder: HolderInfo): Promise<void> {
  // Only this very process, told by its start time: its number may be somebody else's by now.
  signalProcess(holder, 'SIGKILL')
  await untilGone(holder)
}

/** Throws `host-unavailable` where the process does not go. */
export async function untilGone(identity: ProcessIdentity): Promise<void> {
  for (const deadline = performance.now() + endsWithinMs; isAlive(identity); ) {
    if (performance.now() > deadline) {
      throw new MayflyError('host-unavailable', `Process ${identity.pid}, which holds the engine, does not end.`, { check: 'engine' })
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Whether a process is stopped (T) or traced (t), as proc(5) tells: it cannot answer, so nobody has to wait for it. */
export function isStopped(pid: number): boolean {
  try {
    return /^State:\s+[Tt]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
