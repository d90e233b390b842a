/** Notes of a machine: kept when one leaves the field. */
import { useId, useState } from 'react'
import type { MachineDetails } from '../../../contract/machine.ts'
import { engine } from '../../state/connection.ts'
import { useChange } from '../../state/use-change.ts'
import { text } from '../../text/text.ts'

export function Notes({ details, notes }: { readonly details: MachineDetails; readonly notes: string }): React.ReactNode {
  const [draft, setDraft] = useState<string>()
  const { change, problem, busy } = useChange()
  const id = useId()
  const keep = (): void => {
    if (draft === undefined || draft === notes) return setDraft(undefined)
    void change(text.overview.keepNotes, () => engine.machine.set({ machine: details.id, notes: draft })).then((done) => {
      if (done) setDraft(undefined)
    })
  }
  return (
    <section>
      <h2 className="mf-h"><label htmlFor={id}>{text.overview.notes}</label><small role="status">{busy ? text.overview.keeping : draft === undefined || draft === notes ? '' : text.overview.notKept}</small></h2>
      <textarea id={id} className="ov-notes" rows={3} value={draft ?? notes} placeholder={text.overview.notesEmpty} onChange={(event) => setDraft(event.target.value)} onBlur={keep} />
      {problem === undefined ? null : <div className="mf-bad-line" role="alert">{problem.error.message} {problem.error.next ?? ''}</div>}
    </section>
  )
}
