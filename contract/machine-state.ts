/**
 * The states a machine can be in and the one table of legal moves between them. What is shown
 * is the engine's own state, never a translation of QEMU's events: a save stops and resumes
 * the guest, yet the machine is `saving` throughout.
 */
import { z } from 'zod'

export const machineStateSchema = z.enum([
  /** No process. */
  'stopped',
  /** QEMU is being launched; ends in running, paused, or stopped/crashed with a reason. */
  'starting',
  'running',
  /** The guest's CPUs stand still; `pausedBy` says why. */
  'paused',
  /** A checkpoint is being written. */
  'saving',
  /** A checkpoint is being loaded. */
  'restoring',
  /** The guest was asked to shut down and has not ended yet. */
  'stopping',
  /** QEMU ended without being asked to; `lastExit` keeps what is known. */
  'crashed',
  /** A file of the machine does not parse, or is newer than this Mayfly. Nothing is changed. */
  'broken',
  /** QEMU runs but its monitor does not answer; `stateReason` says since when. */
  'unknown',
])
export type MachineState = z.infer<typeof machineStateSchema>

export const pausedBySchema = z.enum([
  'user',
  /** A write failed because the host's disk is full; goes on by itself when there is space. */
  'no-space',
  'io-error',
  'guest-panic',
  /** QEMU reported an internal error: the accelerator could not go on. */
  'internal-error',
  /** The guest put itself to sleep (ACPI S3). */
  'guest-sleep',
])
export type PausedBy = z.infer<typeof pausedBySchema>

/** Legal moves. Reading: from each state, the states it may turn into. */
export const machineTransitions: Readonly<Record<MachineState, readonly MachineState[]>> = {
  stopped: ['starting', 'broken', 'restoring'],
  starting: ['running', 'paused', 'stopped', 'crashed', 'unknown'],
  running: ['paused', 'saving', 'restoring', 'stopping', 'stopped', 'crashed', 'unknown'],
  paused: ['running', 'saving', 'restoring', 'stopping', 'stopped', 'crashed', 'unknown'],
  saving: ['running', 'paused', 'stopped', 'crashed', 'unknown'],
  restoring: ['running', 'paused', 'stopped', 'crashed', 'unknown'],
  stopping: ['running', 'paused', 'stopped', 'crashed', 'unknown'],
  crashed: ['starting', 'stopped', 'broken', 'restoring'],
  broken: ['stopped', 'crashed', 'running', 'paused', 'unknown'],
  unknown: ['starting', 'running', 'paused', 'saving', 'restoring', 'stopping', 'stopped', 'crashed'],
}

/** Whether a machine in `from` may turn into `to`. Staying as it is is always legal. */
export function isLegalTransition(from: MachineState, to: MachineState): boolean {
  return from === to || machineTransitions[from].includes(to)
}

/** States in which a QEMU process belongs to the machine. */
export const statesWithProcess = ['starting', 'running', 'paused', 'saving', 'restoring', 'stopping', 'unknown'] as const satisfies readonly MachineState[]

/** States in which no process runs and the machine's files are sound. */
export const statesAtRest = ['stopped', 'crashed'] as const satisfies readonly MachineState[]

/** Whether a QEMU process belongs to a machine in this state. */
export function hasProcess(state: MachineState): boolean {
  return (statesWithProcess as readonly MachineState[]).includes(state)
}
