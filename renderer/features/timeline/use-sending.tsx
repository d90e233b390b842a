/** Sends what a dialog asks for: the dialog closes when the engine took it on, and says it when not. */
import { useState } from 'react'
import type { MayflyError } from '../../../contract/errors.ts'
import { toMayflyError } from '../../state/failure.ts'
import { closeOverlay } from '../../state/overlay.ts'
import { text } from '../../text/text.ts'
import { Note } from '../../ui/note.tsx'

interface Sending {
  readonly send: (call: () => Promise<unknown>) => Promise<void>
  /** Why it cannot be pressed again just now. */
  readonly busy: string | undefined
  readonly problem: React.ReactNode
}

/** `failed`: the title over what went wrong. */
export function useSending(failed: string): Sending {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<MayflyError>()
  return {
    busy: busy ? text.checkpoint.wait : undefined,
    problem: error === undefined ? null : <Note kind="bad" live title={failed}>{error.message} {error.next}</Note>,
    send: async (call) => {
      setBusy(true)
      setError(undefined)
      try {
        await call()
        closeOverlay()
      } catch (failure) {
        setError(toMayflyError(failure))
      }
      setBusy(false)
    },
  }
}
