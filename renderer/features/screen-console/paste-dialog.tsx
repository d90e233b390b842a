/** What is to be typed into the guest, before it is: a long text to be looked at, or a field to paste into where a page may not read the clipboard. */
import { Modal } from '@mantine/core'
import { useState } from 'react'
import { text } from '../../text/text.ts'
import { formatDuration } from '../../text/time.ts'
import { Button } from '../../ui/button.tsx'
import { typingPauseMs } from './screen-session.ts'

/** More than an hour of typing is a mistake. */
const mostCharacters = 200_000

export function PasteDialog({ initial, onClose, onText }: { readonly initial: string; readonly onClose: () => void; readonly onText: (what: string) => void }): React.ReactNode {
  const [what, setWhat] = useState(initial)
  const amount = what.length
  const cannot = amount > mostCharacters ? text.screen.typeTooMuch(mostCharacters) : undefined
  return (
    <Modal opened onClose={onClose} title={text.screen.pasteTitle} closeButtonProps={{ 'aria-label': text.close }} size={480}>
      <form onSubmit={(event) => {
        event.preventDefault()
        if (cannot !== undefined) return
        onClose()
        onText(what)
      }}>
        <textarea className="screen-paste" data-autofocus rows={8} value={what} aria-label={text.screen.pasteTitle} placeholder={text.screen.pasteHere} onChange={(event) => setWhat(event.target.value)} />
        <p className="mf-sm mf-2" role="status">{amount === 0 ? '' : (cannot ?? text.screen.typeTakes(amount, formatDuration(Math.ceil((amount * typingPauseMs) / 1000))))}</p>
        <div className="ask-foot"><Button onClick={onClose}>{text.cancel}</Button><Button look="filled" type="submit" cannot={cannot}>{text.screen.typeIt}</Button></div>
      </form>
    </Modal>
  )
}
