/** The actions of a machine as items of a menu. What cannot be done now stays in its place, dimmed. */
import { Menu } from '@mantine/core'
import { Hash, Pencil } from 'lucide-react'
import type { MachineSummary } from '../../../contract/machine.ts'
import { copyText } from '../../state/copy-text.ts'
import { isPassing } from '../../state/machine-life.ts'
import { machineActions, perform, whyNot } from '../../state/machine-actions.ts'
import { machineVerbs } from '../../state/machine-verb.ts'
import { openOverlay } from '../../state/overlay.ts'
import { text } from '../../text/text.ts'

/** `all`: also those that stand in the action bar as buttons. */
export function MachineMenuItems({ machine, all = false }: { readonly machine: MachineSummary; readonly all?: boolean }): React.ReactNode {
  const shown = (all ? machineVerbs : (['restart', 'reset', 'clone', 'promote', 'keep'] as const)).filter((verb) => (verb !== 'promote' || machine.origin !== null) && (verb !== 'keep' || isPassing(machine)))
  return (
    <>
      {shown.filter((verb) => verb !== 'delete').map((verb) => {
        const Icon = machineActions[verb].icon
        return <Menu.Item key={verb} leftSection={<Icon size={16} strokeWidth={1.75} aria-hidden />} disabled={whyNot(verb, machine) !== undefined} onClick={() => perform(verb, machine)}>{text.verb[verb]}</Menu.Item>
      })}
      <Menu.Item leftSection={<Pencil size={16} strokeWidth={1.75} aria-hidden />} rightSection={<kbd className="mf-kbd">F2</kbd>} disabled={machine.state === 'broken'} onClick={() => openOverlay({ kind: 'rename', machine: machine.id })}>{text.machine.rename}</Menu.Item>
      <Menu.Item leftSection={<Hash size={16} strokeWidth={1.75} aria-hidden />} onClick={() => void copyText(machine.id)}>{text.machine.copyId}</Menu.Item>
      <Menu.Divider />
      <Menu.Item data-danger leftSection={<machineActions.delete.icon size={16} strokeWidth={1.75} aria-hidden />} rightSection={<kbd className="mf-kbd">Del</kbd>} disabled={whyNot('delete', machine) !== undefined} onClick={() => perform('delete', machine)}>{text.verb.delete}</Menu.Item>
    </>
  )
}
