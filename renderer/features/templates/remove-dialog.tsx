/** Asks before a template goes. */
import { Modal } from '@mantine/core'
import { useState } from 'react'
import type { MayflyError } from '../../../contract/errors.ts'
import type { Template } from '../../../contract/template.ts'
import { engine } from '../../state/connection.ts'
import { toMayflyError } from '../../state/failure.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'

export function RemoveDialog({ template, onClose }: { readonly template: Template; readonly onClose: () => void }): React.ReactNode {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<MayflyError>()
  async function remove(): Promise<void> {
    setBusy(true)
    setError(undefined)
    try {
      await engine.template.remove({ template: template.machine })
      onClose()
    } catch (failure) {
      setError(toMayflyError(failure))
      setBusy(false)
    }
  }
  return (
    <Modal opened onClose={onClose} title={text.templates.removeTitle(template.name)} size={440} closeButtonProps={{ 'aria-label': text.close }}>
      <div className="ask-form">
        <p className="mf-2">{text.templates.removeBody}</p>
        {error === undefined ? null : <Note kind="bad" live title={text.templates.notRemoved(template.name)}>{error.message} {error.next}</Note>}
      </div>
      <div className="ask-foot">
        <Button onClick={onClose}>{text.cancel}</Button>
        <Button danger data-autofocus cannot={busy ? text.templates.removing : undefined} onClick={() => void remove()}>{text.templates.removeOf(template.name)}</Button>
      </div>
    </Modal>
  )
}
