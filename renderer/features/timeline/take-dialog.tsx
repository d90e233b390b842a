/** Asks what a checkpoint is to be: its label, with memory or without, and what stands against it. */
import { Modal } from '@mantine/core'
import { useState } from 'react'
import { engine } from '../../state/connection.ts'
import { useMachine } from '../../state/mirror.ts'
import { closeOverlay } from '../../state/overlay.ts'
import { useTimeline } from '../../state/timeline.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { Choice } from '../../ui/choice.tsx'
import { Note } from '../../ui/note.tsx'
import { TextField } from '../../ui/text-field.tsx'
import { useSending } from './use-sending.tsx'
import './timeline.css'

export function TakeDialog({ machine: id }: { readonly machine: string }): React.ReactNode {
  const machine = useMachine(id)
  const { timeline } = useTimeline(id)
  const [label, setLabel] = useState('')
  const [description, setDescription] = useState('')
  const [wanted, setWanted] = useState<'ram' | 'disks'>('ram')
  const [freeze, setFreeze] = useState<'auto' | 'yes' | 'no'>('auto')
  const { send, busy, problem } = useSending(text.checkpoint.notTaken)
  if (machine === undefined) return null
  const on = machine.state === 'running' || machine.state === 'paused'
  const blockers = timeline?.ramBlockers ?? []
  const what = !on || blockers.length > 0 ? 'disks' : wanted
  const taken = timeline?.checkpoints.some((checkpoint) => checkpoint.label === label.trim()) === true
  return (
    <Modal opened onClose={closeOverlay} title={text.checkpoint.takeTitle(machine.name)} closeButtonProps={{ 'aria-label': text.close }} size={480}>
      <form onSubmit={(event) => {
        event.preventDefault()
        if (taken) return
        void send(() => engine.checkpoint.take({ machine: id, description, what, freezeFileSystems: freeze, ...(label.trim() === '' ? {} : { label: label.trim() }) }))
      }}>
        <div className="ask-form">
          <TextField label={text.checkpoint.label} hint={text.checkpoint.labelMore} value={label} error={taken ? text.wizard.nameTaken(label.trim()) : undefined} maxLength={80} data-autofocus onChange={setLabel} />
          <TextField label={text.checkpoint.description} hint={text.checkpoint.descriptionMore} value={description} maxLength={2000} onChange={setDescription} />
          {on ? (
            <>
              <Choice label={text.checkpoint.what} value={what} values={blockers.length > 0 ? ['disks'] : ['ram', 'disks']} words={text.checkpoint.whats} hint={what === 'ram' ? text.checkpoint.ramMeans : text.checkpoint.disksMeans} onChange={setWanted} />
              {blockers.length === 0 ? null : <Note kind="warning" title={text.timeline.ramNotNow}>{blockers.map((blocker) => <p key={blocker}>{blocker}</p>)}</Note>}
              {what === 'disks' && machine.state === 'running' ? <Choice label={text.checkpoint.freeze} value={freeze} values={['auto', 'yes', 'no']} words={text.checkpoint.freezes} hint={text.checkpoint.freezeMore} onChange={setFreeze} /> : null}
            </>
          ) : <p className="mf-sm mf-3">{text.checkpoint.offMeans}</p>}
          {problem}
        </div>
        <div className="ask-foot">
          <Button onClick={closeOverlay}>{text.cancel}</Button>
          <Button look="filled" type="submit" cannot={busy}>{text.checkpoint.take}</Button>
        </div>
      </form>
    </Modal>
  )
}
