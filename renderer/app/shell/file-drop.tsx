/** Files that are dropped anywhere in the window become images. */
import { Download } from 'lucide-react'
import { useEffect, useState } from 'react'
import { addFile } from '../../state/adding.ts'
import { openOverlay } from '../../state/overlay.ts'
import { currentPlace } from '../../state/place.ts'
import { text } from '../../text/text.ts'

function hasFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes('Files') === true
}

export function FileDrop(): React.ReactNode {
  const [over, setOver] = useState(false)
  useEffect(() => {
    const abort = new AbortController()
    const { signal } = abort
    const dragged = (event: DragEvent): void => {
      if (!hasFiles(event)) return
      event.preventDefault()
      setOver(true)
    }
    const left = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(false)
    }
    const dropped = (event: DragEvent): void => {
      if (!hasFiles(event)) return
      // Else the page would show the file instead of itself.
      event.preventDefault()
      setOver(false)
      const files = [...(event.dataTransfer?.files ?? [])]
      files.forEach(addFile)
      if (files.length > 0 && currentPlace().view !== 'images') openOverlay({ kind: 'wizard' })
    }
    window.addEventListener('dragover', dragged, { signal })
    window.addEventListener('dragleave', left, { signal })
    window.addEventListener('drop', dropped, { signal })
    return () => abort.abort()
  }, [])
  return over ? <div className="app-drop" aria-hidden><Download size={20} strokeWidth={1.75} />{text.adding.drop}</div> : null
}
