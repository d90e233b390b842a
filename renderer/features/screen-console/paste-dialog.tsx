/** Where a page may not read the clipboard, one pastes here and it is typed into the guest. */
import { Modal } from '@mantine/core'
import { useState } from 'react'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'

export function PasteDialog({ onClose, onText }: { readonly onClose: () => void; readonly onText: (what: string) => void }): React.ReactNode {
  const [what, setWhat] = useState('')
  return (
    <Modal opened onClose={onClose} title={text.screen.pasteTitle} closeButtonProps={{ 'aria-label': text.close }} size={480}>
      <form onSubmit={(event) => {
        event.preventDefault()
        onText(what)
        onClose()
      }}>
        <textarea className="screen-paste" data-autofocus rows={6} value={what} aria-label={text.screen.pasteTitle} placeholder={text.screen.pasteHere} onChange={(event) => setWhat(event.target.value)} />
        <div className="ask-foot"><Button onClick={onClose}>{text.cancel}</Button><Button look="filled" type="submit">{text.screen.typeIt}</Button></div>
      </form>
    </Modal>
  )
}
