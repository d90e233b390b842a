/** Keys that act on the machine one stands on, the same in the list and in the rail. */
import type { MachineSummary } from '../../../contract/machine.ts'
import { perform, toggleVerb } from '../../state/machine-actions.ts'
import { openOverlay } from '../../state/overlay.ts'

/** `marked`: those that are marked together, if any. */
export function actByKey(event: React.KeyboardEvent, machine: MachineSummary, marked: ReadonlySet<string>): void {
  switch (event.key) {
    case 'Enter':
      event.preventDefault()
      document.querySelector<HTMLElement>('[data-console-focus]')?.focus()
      break
    case ' ':
      event.preventDefault()
      perform(toggleVerb(machine), machine)
      break
    case 'F2':
      openOverlay({ kind: 'rename', machine: machine.id })
      break
    case 'Delete':
      openOverlay({ kind: 'ask', verb: 'delete', machines: marked.size > 1 ? [...marked] : [machine.id] })
      break
    default:
  }
}
