/** What differs between two checkpoints of a machine. */
import { Modal } from '@mantine/core'
import { useState } from 'react'
import type { Checkpoint, Timeline } from '../../../contract/checkpoint.ts'
import type { MachineSummary } from '../../../contract/machine.ts'
import { closeOverlay } from '../../state/overlay.ts'
import { text } from '../../text/text.ts'
import { Note } from '../../ui/note.tsx'
import { SelectField } from '../../ui/select-field.tsx'
import { DiffView } from './diff-view.tsx'
import { useDiff } from './use-diff.ts'

interface CompareDialogProps {
  readonly machine: MachineSummary
  readonly timeline: Timeline
  readonly checkpoint: Checkpoint
}

export function CompareDialog({ machine, timeline, checkpoint }: CompareDialogProps): React.ReactNode {
  const others = timeline.checkpoints.filter(({ id }) => id !== checkpoint.id)
  const [other, setOther] = useState<string>(checkpoint.parent ?? others.at(-1)?.id ?? '')
  const { diff, error } = useDiff(machine.id, other === '' ? null : other, checkpoint.id)
  return (
    <Modal opened onClose={closeOverlay} title={text.checkpoint.compareTitle} closeButtonProps={{ 'aria-label': text.close }} size={560}>
      {others.length === 0 ? <p className="mf-2">{text.checkpoint.nothing}</p> : (
        <div className="ask-form">
          <p><span className="mf-2">{text.checkpoint.first}</span> <b>{checkpoint.label}</b></p>
          <SelectField label={text.checkpoint.second} value={other} options={others.map(({ id, label }) => ({ value: id, word: label }))} onChange={setOther} />
          {diff !== undefined ? <DiffView diff={diff} /> : error !== undefined ? <Note kind="bad" live title={text.checkpoint.compareFailed}>{error.message} {error.next}</Note> : <p className="mf-3">{text.timeline.comparing}</p>}
        </div>
      )}
    </Modal>
  )
}
