/** Asks before a disk goes for good: what is lost, what is kept, and its name to be written. */
import { Modal } from '@mantine/core'
import { useState } from 'react'
import type { MachineConfig, MachineDetails, MachineSummary } from '../../../contract/machine.ts'
import { engine } from '../../state/connection.ts'
import { useChange } from '../../state/use-change.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'
import { formatBytes, formatMiB } from '../../ui/size-text.ts'
import { TextField } from '../../ui/text-field.tsx'

type Disk = MachineConfig['disks'][number]

interface RemoveDiskProps {
  readonly machine: MachineSummary
  readonly disk: Disk
  readonly usage: MachineDetails['disks'][number] | undefined
  readonly onClose: () => void
}

/** What people call it. */
export function nameOf({ id, label }: Disk): string {
  return label === '' ? id : label
}

export function RemoveDisk({ machine, disk, usage, onClose }: RemoveDiskProps): React.ReactNode {
  const [typed, setTyped] = useState('')
  const { change, problem, busy } = useChange()
  const name = nameOf(disk)
  const doing = text.hardware.removeDisk(name)
  const cannot = busy ? text.hardware.removing : typed.trim() === name ? undefined : text.hardware.removeDiskType(name)
  async function remove(): Promise<void> {
    if (cannot === undefined && (await change(doing, () => engine.disk.remove({ machine: machine.id, disk: disk.id })))) onClose()
  }
  return (
    <Modal opened onClose={onClose} title={text.hardware.removeDiskTitle(name, machine.name)} size={440} closeButtonProps={{ 'aria-label': text.close }}>
      <form onSubmit={(event) => {
        event.preventDefault()
        void remove()
      }}>
        <div className="ask-form">
          <p className="mf-2">{text.hardware.removeDiskBody(formatMiB(disk.sizeMiB), formatBytes(usage?.allocatedBytes ?? 0))}{machine.checkpoints === 0 ? '' : ` ${text.hardware.removeDiskCheckpoints(machine.checkpoints)}`}</p>
          <TextField label={text.hardware.removeDiskType(name)} value={typed} data-autofocus onChange={setTyped} />
          {problem === undefined ? null : <Note kind="bad" live title={text.error.couldNot(doing)}>{problem.error.message} {problem.error.next}</Note>}
        </div>
        <div className="ask-foot">
          <Button onClick={onClose}>{text.cancel}</Button>
          <Button danger type="submit" cannot={cannot}>{doing}</Button>
        </div>
      </form>
    </Modal>
  )
}
