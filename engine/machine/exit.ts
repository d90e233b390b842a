/** Tells, from what was left behind, how a machine's process ended. */
import type { LastExit } from '../../contract/machine.ts'
import type { ExitRecord } from '../qemu/process/exit-record.ts'

export interface ExitEvidence {
  /** Somebody asked us to end it, and we did. */
  readonly asked: boolean
  /** What the keeper wrote; null where it could not. */
  readonly record: ExitRecord | null
  /** QEMU removes its pid file when it ends in order (also on SIGTERM), and only then. */
  readonly pidFileLeft: boolean
  readonly hostRestarted: boolean
  /** The engine ended before it had let the guest's CPUs go. */
  readonly neverRan: boolean
  readonly qemuTail: string
  readonly serialTail: string
  readonly now: Date
}

/** Classifies an end. `crashed` is claimed only where QEMU did not end in order. */
export function classifyExit(evidence: ExitEvidence): LastExit {
  const { record } = evidence
  const at = (record?.endedAt ?? evidence.now).toISOString()
  const common = { exitStatus: record?.exitStatus ?? null, signal: record?.signal ?? null, qemuTail: evidence.qemuTail, serialTail: evidence.serialTail, at }
  if (evidence.asked) return { ...common, kind: 'asked', sentence: 'It was stopped.' }
  if (evidence.hostRestarted) return { ...common, kind: 'host-restarted', sentence: 'The host went down while it ran. What the guest had not written to its disks is lost.' }
  if (evidence.neverRan && record === null && !evidence.pidFileLeft) return { ...common, kind: 'launch-failed', sentence: 'The engine ended while it was starting this machine. Start it again.' }
  const endedInOrder = record === null ? !evidence.pidFileLeft : record.exitStatus === 0
  if (endedInOrder) return { ...common, kind: 'guest', sentence: 'The guest shut down.' }
  return { ...common, kind: 'crashed', sentence: crashSentence(record, evidence.qemuTail) }
}

function crashSentence(record: ExitRecord | null, qemuTail: string): string {
  const lastLine = qemuTail.trimEnd().split('\n').at(-1)?.trim() ?? ''
  const said = lastLine === '' ? '' : ` It said: ${lastLine.slice(0, 300)}`
  if (record === null) return `QEMU ended unexpectedly while no engine watched; its exit status is not known.${said}`
  if (record.signal === 'SIGKILL') return `QEMU was killed (SIGKILL): by somebody, or by the host because memory ran out.${said}`
  if (record.signal !== null) return `QEMU was ended by ${record.signal}.${said}`
  return `QEMU ended unexpectedly with exit status ${record.exitStatus ?? 'unknown'}.${said}`
}
