/** Keys that work everywhere. Those of a list or a console are with the list or the console. */
import { useEffect } from 'react'
import { keyMeaning } from '../../state/keys.ts'
import { toggleSidebar } from '../../state/layout.ts'
import { openOverlay, useOverlay } from '../../state/overlay.ts'
import { currentPlace, go, machineTabs } from '../../state/place.ts'

export function useShortcuts(): void {
  useEffect(() => {
    window.addEventListener('keydown', keyed)
    window.addEventListener('keydown', fromConsole, { capture: true })
    return () => {
      window.removeEventListener('keydown', keyed)
      window.removeEventListener('keydown', fromConsole, { capture: true })
    }
  }, [])
}

/** The one key a console does not get. */
function fromConsole(event: KeyboardEvent): void {
  if (!event.ctrlKey || !event.shiftKey || event.key.toLowerCase() !== 'k') return
  event.preventDefault()
  event.stopPropagation()
  openOverlay({ kind: 'palette' })
}

function keyed(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.metaKey) return
  const place = currentPlace()
  const key = event.key.toLowerCase()
  const plainCtrl = event.ctrlKey && !event.altKey
  const inConsole = event.target instanceof Element && event.target.closest('[data-keyboard-is-the-guests]') !== null
  const meaning = keyMeaning(event)
  if (key === 'k' && plainCtrl && !inConsole) openOverlay({ kind: 'palette' })
  else if (inConsole || useOverlay.getState().overlay !== undefined) return
  else if (meaning === 'new-machine') openOverlay({ kind: 'wizard' })
  else if (key === 'b' && plainCtrl) toggleSidebar()
  else if (meaning !== undefined && place.view === 'machines' && place.machine !== undefined) {
    const tab = machineTabs[meaning.tab - 1]
    if (tab === undefined) return
    go({ ...place, tab })
  } else if (key === '?' && !event.ctrlKey && !event.altKey && !(event.target instanceof HTMLElement && /^(input|textarea)$/i.test(event.target.tagName))) openOverlay({ kind: 'shortcuts' })
  else return
  event.preventDefault()
}
