/**
 * Recording a screen. A film ends with the screen it is of, and is offered until it was saved or
 * given up by whoever made it: it is never lost to a dialog that was closed or a disk that is full.
 */
import { useEffect, useRef, useState } from 'react'
import { desktopBridge } from '../../client/connect.ts'
import { toMayflyError } from '../../state/failure.ts'
import { saveFile } from '../../state/save-file.ts'
import { hideToast, showToast } from '../../state/toast.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { formatBytes } from '../../ui/size-text.ts'
import { mostFilmBytes, Recorder } from './recorder.ts'

interface Recording {
  readonly recording: boolean
  /** Begins or ends it. */
  readonly toggle: () => void
}

/** `open`: the screen is there. `canvas` is asked for when it begins. */
export function useRecording(name: string, open: boolean, canvas: () => HTMLCanvasElement | null | undefined): Recording {
  const recorder = useRef<Recorder>(undefined)
  const [recording, setRecording] = useState(false)

  useEffect(() => {
    if (open) return () => recorder.current?.stop()
    return undefined
  }, [open])
  useEffect(() => {
    // A window of our own would stay open without a word; its engine asks before it ends.
    if (!recording || desktopBridge() !== undefined) return
    const asks = (event: BeforeUnloadEvent): void => event.preventDefault()
    window.addEventListener('beforeunload', asks)
    return () => window.removeEventListener('beforeunload', asks)
  }, [recording])

  function toggle(): void {
    if (recorder.current !== undefined) return recorder.current.stop()
    const filmed = canvas()
    if (filmed === null || filmed === undefined) return
    try {
      recorder.current = new Recorder(filmed, (film, isFull) => {
        recorder.current = undefined
        setRecording(false)
        if (isFull) showToast({ title: text.screen.filmFull(formatBytes(mostFilmBytes)) })
        void keep(film, `${name}.webm`)
      })
      setRecording(true)
    } catch (error) {
      showToast({ title: text.error.couldNot(text.screen.record), message: toMayflyError(error).message, stays: true })
    }
  }
  return { recording, toggle }
}

/** Until it is saved. */
async function keep(film: Blob, fileName: string): Promise<void> {
  let why: string = text.screen.filmKept
  try {
    if (await saveFile(film, fileName, text.screen.saveFilm)) return
  } catch (error) {
    why = error instanceof Error ? error.message : String(error)
  }
  const id = crypto.randomUUID()
  const again = (): void => {
    hideToast(id)
    void keep(film, fileName)
  }
  showToast({ id, title: text.screen.filmNotSaved, stays: true, message: <><p>{why}</p><span className="mf-row mf-toast-acts"><Button size="small" onClick={again}>{text.screen.saveFilm}</Button><Button size="small" look="quiet" onClick={() => hideToast(id)}>{text.screen.dropFilm}</Button></span></> })
}
