/** A new disk: blank and of some size. What the engine says against it stands here. */
import { Switch } from '@mantine/core'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import type { MachineDetails, MachineSummary } from '../../../contract/machine.ts'
import { fromErrorRecord } from '../../../contract/wire/error-record.ts'
import { engine } from '../../state/connection.ts'
import { isOn } from '../../state/machine-looks.ts'
import { useChange } from '../../state/use-change.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { parseSizeMiB } from '../../ui/size-text.ts'
import { TextField } from '../../ui/text-field.tsx'
import { When } from '../../ui/when.tsx'

export function AddDisk({ machine, onClose }: { readonly machine: MachineSummary; readonly onClose: () => void }): React.ReactNode {
  const [size, setSize] = useState('8 GiB')
  const [label, setLabel] = useState('')
  const [reserve, setReserve] = useState(false)
  const { change, problem, busy } = useChange()
  const sizeMiB = parseSizeMiB(size, 'GiB')
  const bad = sizeMiB === undefined || sizeMiB < 1 ? text.hardware.badSize : undefined

  async function add(): Promise<MachineDetails> {
    const job = await engine.disk.add({ machine: machine.id, sizeMiB: sizeMiB ?? 1, preallocation: reserve ? 'full' : 'off', ...(label.trim() === '' ? {} : { label: label.trim() }) })
    // What takes long is followed among the jobs.
    const ended = reserve ? job : await engine.job.wait({ job: job.id })
    if (ended.error !== null) throw fromErrorRecord(ended.error)
    return engine.machine.show({ machine: machine.id })
  }

  return (
    <form className="hw-add" onSubmit={(event) => {
      event.preventDefault()
      if (bad !== undefined || sizeMiB === undefined) return
      void change(text.hardware.disk, add).then((done) => (done ? onClose() : undefined))
    }}>
      <TextField label={text.hardware.size} value={size} error={bad ?? problem?.error.message} autoFocus onChange={setSize} />
      <TextField label={text.hardware.label} value={label} placeholder={text.hardware.labelEmpty} maxLength={60} onChange={setLabel} />
      <Switch className="hw-add-reserve" label={text.hardware.reserve} description={text.hardware.reserveMeans} checked={reserve} onChange={({ currentTarget }) => setReserve(currentTarget.checked)} />
      <span className="hw-add-when"><When later={isOn(machine.state)} /></span>
      <Button icon={Plus} type="submit" aria-busy={busy} className="hw-add-button">{text.hardware.addDisk}</Button>
      <Button look="quiet" className="hw-add-button" onClick={onClose}>{text.cancel}</Button>
    </form>
  )
}
