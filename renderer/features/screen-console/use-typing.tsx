/**
 * A text typed into the guest, key by key. A long one is shown and asked about first, says how far it
 * is, ends at Esc, and what was not typed is given back.
 */
import { useEffect, useRef, useState } from 'react'
import type { LayoutName } from '../../state/layouts.ts'
import { hideToast, showToast } from '../../state/toast.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { PasteDialog } from './paste-dialog.tsx'
import type { ScreenSession } from './screen-session.ts'

/** Characters that are typed without a question: they take some seconds. */
const shortText = 500

interface Typing {
  /** Types what is in the clipboard. */
  readonly paste: () => Promise<void>
  /** What lies over the screen meanwhile, and the question before. */
  readonly shown: React.ReactNode
}

export function useTyping(session: () => ScreenSession | undefined, layout: LayoutName): Typing {
  const [asked, setAsked] = useState<string>()
  const [progress, setProgress] = useState<{ readonly typed: number; readonly all: number }>()
  const stop = useRef<AbortController>(undefined)
  const under = progress !== undefined

  useEffect(() => {
    if (!under) return
    const stopped = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return
      // The guest does not get this one.
      event.preventDefault()
      event.stopImmediatePropagation()
      stop.current?.abort()
    }
    window.addEventListener('keydown', stopped, { capture: true })
    return () => window.removeEventListener('keydown', stopped, { capture: true })
  }, [under])
  useEffect(() => () => stop.current?.abort(), [])

  async function type(what: string): Promise<void> {
    const typist = session()
    if (typist === undefined || stop.current !== undefined || what === '') return
    const controller = new AbortController()
    stop.current = controller
    const all = Array.from(what).length
    setProgress({ typed: 0, all })
    const { leftOut, rest } = await typist.type(what, layout, controller.signal, (typed) => setProgress({ typed, all }))
    stop.current = undefined
    setProgress(undefined)
    if (leftOut > 0) showToast({ title: text.screen.notTyped(leftOut), message: text.screen.notTypedMore(text.screen.layouts[layout]) })
    if (rest !== '') giveBack(rest)
  }
  function giveBack(rest: string): void {
    const id = crypto.randomUUID()
    const goOn = (): void => {
      hideToast(id)
      setAsked(rest)
    }
    showToast({ id, title: text.screen.restNotTyped(Array.from(rest).length), stays: true, message: <span className="mf-row mf-toast-acts"><Button size="small" onClick={goOn}>{text.screen.showRest}</Button></span> })
  }
  async function paste(): Promise<void> {
    let what: string
    try {
      what = await navigator.clipboard.readText()
    } catch {
      // The browser does not let pages read the clipboard: then it is pasted into a field.
      return setAsked('')
    }
    if (what.length > shortText) setAsked(what)
    else await type(what)
  }

  return {
    paste,
    shown: (
      <>
        {progress === undefined ? null : (
          <div className="screen-typing">
            <span role="status">{text.screen.typing(progress.typed, progress.all)}</span>
            <Button size="small" onClick={() => stop.current?.abort()}>{text.screen.stopTyping}</Button>
          </div>
        )}
        {asked === undefined ? null : <PasteDialog initial={asked} onClose={() => setAsked(undefined)} onText={(what) => void type(what)} />}
      </>
    ),
  }
}
