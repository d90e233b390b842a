/** How a machine's state is shown: one of six shapes and a word. */
import type { MachineState } from '../../contract/machine-state.ts'
import type { MachineSummary } from '../../contract/machine.ts'
import { text } from '../text/text.ts'
import type { StateShapeName } from '../ui/state-shape.tsx'

const shapes: Readonly<Record<MachineState, StateShapeName>> = {
  stopped: 'stopped', starting: 'busy', running: 'running', paused: 'paused', saving: 'busy', restoring: 'busy', stopping: 'busy', crashed: 'crashed', broken: 'crashed', unknown: 'unknown',
}

export function shapeOf(state: MachineState): StateShapeName {
  return shapes[state]
}

export function wordOf(machine: Pick<MachineSummary, 'state'>): string {
  return text.state[machine.state]
}

/** Whether a QEMU belongs to it. */
export function isOn(state: MachineState): boolean {
  return state !== 'stopped' && state !== 'crashed' && state !== 'broken'
}

/** The one fact worth a second line in a list. */
export function factOf(machine: MachineSummary): string {
  if (machine.stateReason !== null) return machine.stateReason
  if (machine.state === 'paused') return text.pausedBy[machine.pausedBy ?? 'user']
  if (machine.state === 'running') {
    const [forward] = machine.forwards
    if (forward !== undefined) return `${forward.hostAddress}:${forward.hostPort}`
    return machine.agent === 'answering' ? text.machine.agentAnswers : text.machine.noForwards
  }
  return wordOf(machine)
}
