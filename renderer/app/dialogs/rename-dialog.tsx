/** Gives a machine another name; the engine's objection stands at the field. */
import { Modal } from '@mantine/core'
import { useState } from 'react'
import { engine } from '../../state/connection.ts'
import { toMayflyError } from '../../state/failure.ts'
import { useMachine } from '../../state/mirror.ts'
import { closeOverlay } from '../../state/overlay.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/text-field.tsx'

export function RenameDialog({ machine: id }: { readonly machine: string }): React.ReactNode {
  const machine = useMachine(id)
  const [name, setName] = useState(machine?.name ?? '')
  const [error, setError] = useState<string>()
  if (machine === undefined) return null
  function renamed(event: React.FormEvent): void {
    event.preventDefault()
    engine.machine.rename({ machine: id, name }).then(closeOverlay, (failure: unknown) => {
      const { message, next } = toMayflyError(failure)
      setError(next === undefined ? message : `${message} ${next}`)
    })
  }
  return (
    <Modal opened onClose={closeOverlay} title={text.ask.renameTitle(machine.name)} closeButtonProps={{ 'aria-label': text.close }} size={400}>
      <form onSubmit={renamed}>
        <TextField label={text.ask.newName} value={name} error={error} data-autofocus onChange={(value) => {
          setName(value)
          setError(undefined)
        }} />
        <div className="ask-foot">
          <Button onClick={closeOverlay}>{text.cancel}</Button>
          <Button look="filled" type="submit">{text.ask.rename}</Button>
        </div>
      </form>
    </Modal>
  )
}
