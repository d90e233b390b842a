/** Puts all settings back. Nothing is lost by it: what was set before can be brought back. */
import { useState } from 'react'
import type { MayflyError } from '../../../contract/errors.ts'
import type { Settings } from '../../../contract/settings.ts'
import { changeSettings, resetSettings } from '../../state/settings.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'

export function ResetSettings({ settings }: { readonly settings: Settings }): React.ReactNode {
  const [before, setBefore] = useState<Settings>()
  const [failed, setFailed] = useState<MayflyError>()
  const reset = async (): Promise<void> => {
    const why = await resetSettings()
    setFailed(why)
    if (why === undefined) setBefore(settings)
  }
  const undo = async (): Promise<void> => {
    const why = before === undefined ? undefined : await changeSettings(before)
    setFailed(why)
    if (why === undefined) setBefore(undefined)
  }
  return (
    <section>
      <div className="mf-row" role="status">
        {before === undefined ? <Button onClick={() => void reset()}>{text.deciding.reset}</Button> : <><span className="mf-2">{text.deciding.wasReset}</span><Button onClick={() => void undo()}>{text.ask.undo}</Button></>}
      </div>
      <p className="settings-reset mf-sm mf-3">{text.deciding.resetMeans}</p>
      {failed === undefined ? null : <Note kind="bad" live title={text.deciding.notSaved}>{failed.message} {failed.next}</Note>}
    </section>
  )
}
