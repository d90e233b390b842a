/**
 * Brings a machine's state in line with what QEMU says when asked. Events only tell when to
 * ask: those missed while no engine was there, or while a monitor hung, change nothing.
 */
import { isMayflyError } from '../../contract/errors.ts'
import { hasProcess } from '../../contract/machine-state.ts'
import type { QmpClient } from '../qemu/qmp/qmp-client.ts'
import { isAlive, isHalted, type ProcessIdentity } from '../qemu/process/process-identity.ts'
import type { MachineCore } from './machine-core.ts'
import { observe, type ObservedState } from './run-status.ts'
import { watchForSpace } from './space-watch.ts'

/** How long a healthy monitor may take; QEMU answers within milliseconds unless its main loop is stuck. */
export const monitorPatienceMs = 5_000

/** Asks QEMU for its state. */
export async function observeQemu(qmp: QmpClient): Promise<ObservedState> {
  const { status } = await qmp.execute('query-status', undefined, { timeoutMs: monitorPatienceMs })
  if (status !== 'io-error') return observe(status, false)
  const blocks = await qmp.execute('query-block', undefined, { timeoutMs: monitorPatienceMs })
  return observe(status, blocks.some((block) => block['io-status'] === 'nospace'))
}

/** Why nothing is known of a machine whose process lives. A QEMU that hangs still holds the connection of an engine that was killed, so "held by another" may mean either. */
export function silenceReason(process: ProcessIdentity, code: string): string {
  if (isHalted(process)) return `Its process ${process.pid} stands still, stopped by a signal or a debugger.`
  switch (code) {
    case 'in-use':
      return 'Its monitor does not answer: another program holds it, or QEMU hangs.'
    case 'timeout':
      return 'QEMU runs, but its monitor does not answer.'
    default:
      return 'QEMU runs, but its monitor cannot be reached.'
  }
}

/**
 * Asks and takes over the answer. Runs in the machine's queue. A monitor that does not answer
 * makes the machine `unknown` as long as its process lives; the next answer ends that.
 */
export async function reconcile(core: MachineCore): Promise<void> {
  const { live } = core
  if (live === null || !hasProcess(core.state)) return
  let observed: ObservedState
  try {
    observed = await observeQemu(live.qmp)
  } catch (error) {
    if (!isMayflyError(error)) throw error
    if (isMayflyError(error, 'timeout') && isAlive(live.process)) {
      core.enter('unknown', { reason: silenceReason(live.process, error.code) })
    }
    return
  }
  // While we shut it down the machine is `stopping` whatever its CPUs do.
  if (core.state === 'stopping' && observed.state === 'running') return
  core.enter(observed.state, { pausedBy: observed.pausedBy, reason: observed.reason })
  if (observed.pausedBy === 'no-space') watchForSpace(core, live)
}
