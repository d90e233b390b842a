/** How QEMU's run states (QAPI RunState) read as ours. */
import type { MachineState, PausedBy } from '../../contract/machine-state.ts'
import type { QmpReturn } from '../qemu/qmp/qmp-client.ts'

export type RunState = QmpReturn<'query-status'>['status']

export interface ObservedState {
  readonly state: Extract<MachineState, 'running' | 'paused' | 'starting' | 'saving' | 'restoring'>
  readonly pausedBy: PausedBy | null
  readonly reason: string | null
}

const paused = (pausedBy: PausedBy, reason: string | null): ObservedState => ({ state: 'paused', pausedBy, reason })

/** `noSpace`: whether a disk says that it stopped for lack of space (`io-status` of query-block). */
export function observe(status: RunState, noSpace: boolean): ObservedState {
  switch (status) {
    case 'running':
    case 'debug':
    case 'colo':
      return { state: 'running', pausedBy: null, reason: null }
    case 'inmigrate':
    case 'restore-vm':
      return { state: 'restoring', pausedBy: null, reason: null }
    case 'save-vm':
    case 'finish-migrate':
      return { state: 'saving', pausedBy: null, reason: null }
    case 'io-error':
      return noSpace
        ? paused('no-space', 'The host\'s disk is full. It goes on by itself when there is space.')
        : paused('io-error', 'A disk could not be read or written. Resume tries again.')
    case 'internal-error':
      return paused('internal-error', 'The accelerator could not go on. Reset it, or start it with another accelerator.')
    case 'guest-panicked':
      return paused('guest-panic', 'The guest\'s kernel panicked. Its memory is kept; reset it or switch it off.')
    case 'suspended':
      return paused('guest-sleep', 'The guest put itself to sleep. A key press or Resume wakes it.')
    case 'watchdog':
      return paused('user', 'The watchdog paused it because the guest stopped answering.')
    case 'paused':
    // After its start only a guest that was reset while its CPUs were halted is in this state.
    case 'prelaunch':
    case 'postmigrate':
    case 'shutdown':
      return paused('user', null)
    default:
      return status satisfies never
  }
}
