/** Saves settings as they are chosen, and says it where one was not saved. */
import { useState } from 'react'
import type { MayflyError } from '../../../contract/errors.ts'
import type { Settings } from '../../../contract/settings.ts'
import { changeSettings } from '../../state/settings.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'

export function useChoose(): { readonly choose: (to: Partial<Settings>) => void; readonly refusal: React.ReactNode } {
  const [failed, setFailed] = useState<MayflyError>()
  return {
    choose: (to) => void changeSettings(to).then(setFailed),
    refusal: failed === undefined ? null : <Note kind="bad" live title={text.deciding.notSaved} actions={<Button size="small" onClick={() => setFailed(undefined)}>{text.error.dismiss}</Button>}>{failed.message} {failed.next}</Note>,
  }
}
