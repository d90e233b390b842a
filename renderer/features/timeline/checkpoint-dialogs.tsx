/** What is asked before something is done with a checkpoint. */
import { Checkbox, Modal } from '@mantine/core'
import { useEffect, useState } from 'react'
import type { Checkpoint, Timeline } from '../../../contract/checkpoint.ts'
import type { MachineSummary } from '../../../contract/machine.ts'
import { engine } from '../../state/connection.ts'
import { useMachine, useMirror } from '../../state/mirror.ts'
import { closeOverlay } from '../../state/overlay.ts'
import type { CheckpointDialog } from '../../state/overlay.ts'
import { useTimeline } from '../../state/timeline.ts'
import { showToast } from '../../state/toast.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { Choice } from '../../ui/choice.tsx'
import { Note } from '../../ui/note.tsx'
import { formatBytes } from '../../ui/size-text.ts'
import { TextField } from '../../ui/text-field.tsx'
import { CompareDialog } from './compare-dialog.tsx'
import { useSending } from './use-sending.tsx'
import './timeline.css'

interface CheckpointDialogProps {
  readonly what: CheckpointDialog
  readonly machine: string
  readonly checkpoint: string
  readonly keepPresent: boolean
}

export function CheckpointDialogs({ what, machine: machineId, checkpoint: checkpointId, keepPresent }: CheckpointDialogProps): React.ReactNode {
  const machine = useMachine(machineId)
  const { timeline } = useTimeline(machineId)
  const checkpoint = timeline?.checkpoints.find(({ id }) => id === checkpointId)
  // It may have gone meanwhile, or just been done with.
  const isGone = timeline !== undefined && checkpoint === undefined
  useEffect(() => {
    if (isGone) closeOverlay()
  }, [isGone])
  if (machine === undefined || timeline === undefined || checkpoint === undefined) return null
  const about = { machine, timeline, checkpoint }
  switch (what) {
    case 'restore': return <RestoreDialog {...about} keepPresentFirst={keepPresent} />
    case 'branch': return <BranchDialog {...about} />
    case 'rename': return <RenameDialog {...about} />
    case 'delete': return <DeleteDialog {...about} />
    case 'export': return <ExportDialog {...about} />
    case 'compare': return <CompareDialog {...about} />
  }
}

interface About {
  readonly machine: MachineSummary
  readonly timeline: Timeline
  readonly checkpoint: Checkpoint
}

/** What of it is restored: a choice only where both can be. */
function useWhat({ kind, ramRefused }: Checkpoint): { readonly what: 'auto' | 'disks'; readonly chooser: React.ReactNode } {
  const [wanted, setWanted] = useState<'auto' | 'disks'>('auto')
  if (kind === 'disks') return { what: 'auto', chooser: null }
  if (ramRefused !== null) return { what: 'disks', chooser: <Note kind="warning" title={text.timeline.ramRefused}>{ramRefused} {text.timeline.disksRemain} {text.checkpoint.disksOff}</Note> }
  return { what: wanted, chooser: <Choice label={text.checkpoint.what} value={wanted} values={['auto', 'disks']} words={text.checkpoint.whatRestored} hint={wanted === 'disks' ? text.checkpoint.disksOff : undefined} onChange={setWanted} /> }
}

function RestoreDialog({ machine, timeline, checkpoint, keepPresentFirst }: About & { readonly keepPresentFirst: boolean }): React.ReactNode {
  const [keepPresent, setKeepPresent] = useState(keepPresentFirst)
  const { what, chooser } = useWhat(checkpoint)
  const { send, busy, problem } = useSending(text.checkpoint.notRestored)
  return (
    <Modal opened onClose={closeOverlay} title={text.checkpoint.restoreTitle(checkpoint.label)} closeButtonProps={{ 'aria-label': text.close }} size={460}>
      <div className="ask-form">
        <p className="mf-2">{text.checkpoint.restoreBody(machine.name)} {keepPresent ? text.checkpoint.kept : text.checkpoint.lost(formatBytes(timeline.present.ownDiskBytes))}</p>
        <Checkbox size="xs" label={text.timeline.keepPresent} checked={keepPresent} onChange={({ currentTarget }) => setKeepPresent(currentTarget.checked)} />
        {chooser}
        {problem}
      </div>
      <div className="ask-foot">
        <Button onClick={closeOverlay}>{text.cancel}</Button>
        <Button look={keepPresent ? 'filled' : 'default'} danger={!keepPresent} data-autofocus cannot={busy} onClick={() => void send(() => engine.checkpoint.restore({ machine: machine.id, checkpoint: checkpoint.id, what, keepPresent }))}>{text.checkpoint.restore}</Button>
      </div>
    </Modal>
  )
}

function BranchDialog({ machine, checkpoint }: About): React.ReactNode {
  const [label, setLabel] = useState('')
  const { what, chooser } = useWhat(checkpoint)
  const { send, busy, problem } = useSending(text.checkpoint.notBranched)
  return (
    <Modal opened onClose={closeOverlay} title={text.checkpoint.branchTitle(checkpoint.label)} closeButtonProps={{ 'aria-label': text.close }} size={460}>
      <form onSubmit={(event) => {
        event.preventDefault()
        void send(() => engine.checkpoint.branch({ machine: machine.id, checkpoint: checkpoint.id, what, ...(label.trim() === '' ? {} : { presentLabel: label.trim() }) }))
      }}>
        <div className="ask-form">
          <p className="mf-2">{text.checkpoint.branchBody(machine.name)}</p>
          <TextField label={text.checkpoint.presentLabel} hint={text.checkpoint.labelMore} value={label} data-autofocus onChange={setLabel} />
          {chooser}
          {problem}
        </div>
        <div className="ask-foot">
          <Button onClick={closeOverlay}>{text.cancel}</Button>
          <Button look="filled" type="submit" cannot={busy}>{text.checkpoint.branch}</Button>
        </div>
      </form>
    </Modal>
  )
}

function RenameDialog({ machine, checkpoint }: About): React.ReactNode {
  const [label, setLabel] = useState(checkpoint.label)
  const [description, setDescription] = useState(checkpoint.description)
  const { send, busy, problem } = useSending(text.checkpoint.rename)
  return (
    <Modal opened onClose={closeOverlay} title={text.checkpoint.renameTitle(checkpoint.label)} closeButtonProps={{ 'aria-label': text.close }} size={420}>
      <form onSubmit={(event) => {
        event.preventDefault()
        void send(() => engine.checkpoint.rename({ machine: machine.id, checkpoint: checkpoint.id, ...(label === checkpoint.label ? {} : { label }), description }))
      }}>
        <div className="ask-form">
          <TextField label={text.checkpoint.label} value={label} data-autofocus onChange={setLabel} />
          <TextField label={text.checkpoint.description} hint={text.checkpoint.descriptionMore} value={description} maxLength={2000} onChange={setDescription} />
          {problem}
        </div>
        <div className="ask-foot">
          <Button onClick={closeOverlay}>{text.cancel}</Button>
          <Button look="filled" type="submit" cannot={busy}>{text.checkpoint.rename}</Button>
        </div>
      </form>
    </Modal>
  )
}

function DeleteDialog({ machine, checkpoint }: About): React.ReactNode {
  const { send, busy, problem } = useSending(text.checkpoint.notDeleted)
  const needed = checkpoint.neededBy.map(({ name }) => name).join(', ')
  return (
    <Modal opened onClose={closeOverlay} title={text.checkpoint.deleteTitle(checkpoint.label)} closeButtonProps={{ 'aria-label': text.close }} size={440}>
      <div className="ask-form">
        {needed === '' ? <p className="mf-2">{text.checkpoint.deleteBody} {text.checkpoint.frees(formatBytes(checkpoint.sizes.ownDiskBytes + checkpoint.sizes.ownRamBytes))}</p> : <Note kind="warning" title={text.checkpoint.needed}>{text.checkpoint.neededBy(needed)}</Note>}
        {problem}
      </div>
      <div className="ask-foot">
        <Button onClick={closeOverlay}>{text.cancel}</Button>
        <Button danger data-autofocus cannot={needed === '' ? busy : text.checkpoint.neededBy(needed)} onClick={() => void send(() => engine.checkpoint.delete({ machine: machine.id, checkpoint: checkpoint.id }))}>{text.checkpoint.delete}</Button>
      </div>
    </Modal>
  )
}

function ExportDialog({ machine, checkpoint }: About): React.ReactNode {
  const machines = useMirror(({ machines }) => machines)
  const [name, setName] = useState(() => `${machine.name} ${checkpoint.label}`.slice(0, 80).trim())
  const { send, busy, problem } = useSending(text.checkpoint.notExported)
  const taken = machines.some((one) => one.name === name)
  return (
    <Modal opened onClose={closeOverlay} title={text.checkpoint.exportTitle(checkpoint.label)} closeButtonProps={{ 'aria-label': text.close }} size={420}>
      <form onSubmit={(event) => {
        event.preventDefault()
        if (taken) return
        void send(async () => {
          await engine.checkpoint.export({ machine: machine.id, checkpoint: checkpoint.id, name })
          showToast({ title: text.checkpoint.exporting, message: name })
        })
      }}>
        <div className="ask-form">
          <p className="mf-2">{text.checkpoint.exportBody}</p>
          <TextField label={text.checkpoint.exportName} value={name} error={taken ? text.wizard.nameTaken(name) : undefined} data-autofocus onChange={setName} />
          {problem}
        </div>
        <div className="ask-foot">
          <Button onClick={closeOverlay}>{text.cancel}</Button>
          <Button look="filled" type="submit" cannot={busy}>{text.checkpoint.export}</Button>
        </div>
      </form>
    </Modal>
  )
}
