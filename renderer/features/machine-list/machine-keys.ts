/** Keys that act on the machine one stands on, or on those that are marked: the same in the list and in the rail. */
import type { MachineSummary } from '../../../contract/machine.ts'
import { toggleAll } from '../../state/machine-actions.ts'
import { openMachineMenu } from '../../state/machine-menu.ts'
import { useMirror } from '../../state/mirror.ts'
import { openOverlay } from '../../state/overlay.ts'

/** `marked`: those that are marked together, if any. `row`: the id of the element that shows the machine. */
export function actByKey(event: React.KeyboardEvent, machine: MachineSummary, marked: ReadonlySet<string>, row: string): void {
  const meant = marked.size > 0 ? useMirror.getState().machines.filter(({ id }) => marked.has(id)) : [machine]
  if (asksForMenu(event)) {
    event.preventDefault()
    // A menu closes on any key outside of it that the page hears of, and would hear of this one.
    event.stopPropagation()
    const at = document.querySelector(`#${row}`)?.getBoundingClientRect()
    openMachineMenu({ machine: machine.id, x: (at?.left ?? 0) + 24, y: at?.bottom ?? 0 })
    return
  }
  switch (event.key) {
    case 'Enter':
      event.preventDefault()
      document.querySelector<HTMLElement>('[data-console-focus]')?.focus()
      break
    case ' ':
      event.preventDefault()
      toggleAll(meant)
      break
    case 'F2':
      openOverlay({ kind: 'rename', machine: machine.id })
      break
    case 'Delete':
      openOverlay({ kind: 'ask', verb: 'delete', machines: meant.map(({ id }) => id) })
      break
    default:
  }
}

/** The key beside the right Ctrl, or what stands for it on a keyboard without. */
function asksForMenu({ key, shiftKey }: React.KeyboardEvent): boolean {
  return key === 'ContextMenu' || (key === 'F10' && shiftKey)
}
