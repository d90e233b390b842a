/** Asks before an image goes, and says who uses it. */
import { Modal } from '@mantine/core'
import { useState } from 'react'
import type { Image } from '../../../contract/image.ts'
import type { MayflyError } from '../../../contract/errors.ts'
import { engine } from '../../state/connection.ts'
import { toMayflyError } from '../../state/failure.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'

export function RemoveDialog({ image, onClose }: { readonly image: Image; readonly onClose: () => void }): React.ReactNode {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<MayflyError>()
  const remove = async (): Promise<void> => {
    setBusy(true)
    setError(undefined)
    try {
      await engine.image.remove({ image: image.id })
      onClose()
    } catch (failure) {
      setError(toMayflyError(failure))
      setBusy(false)
    }
  }
  return (
    <Modal opened onClose={onClose} title={text.images.removeTitle(image.name)} size={440} closeButtonProps={{ 'aria-label': text.close }}>
      <p className="mf-2">{text.images.removeBody}</p>
      {image.usedBy.length === 0 ? null : <div className="im-note"><Note kind="warning">{text.images.removeKept(image.usedBy.join(', '))}</Note></div>}
      {error === undefined ? null : <div className="im-note"><Note kind="bad" live title={text.images.notRemoved(image.name)}>{error.message} {error.next}</Note></div>}
      <div className="im-foot">
        <Button onClick={onClose} data-autofocus>{text.cancel}</Button>
        <Button danger cannot={busy ? text.images.removing : undefined} onClick={() => void remove()}>{text.images.removeOf(image.name)}</Button>
      </div>
    </Modal>
  )
}
