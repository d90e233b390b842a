/** Keys that work everywhere. Those of a list or a console are with the list or the console. */
import { useEffect } from 'react'
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
  if (event.defaultPrevented || event.altKey || event.metaKey) return
  const place = currentPlace()
  const key = event.key.toLowerCase()
  const inConsole = event.target instanceof Element && event.target.closest('[data-keyboard-is-the-guests]') !== null
  if (key === 'k' && event.ctrlKey && !inConsole) openOverlay({ kind: 'palette' })
  else if (inConsole || useOverlay.getState().overlay !== undefined) return
  else if (key === 'n' && event.ctrlKey && !event.shiftKey) openOverlay({ kind: 'wizard' })
  else if (key === 'b' && event.ctrlKey) toggleSidebar()
  else if (event.ctrlKey && /^[1-9]$/.test(key) && place.view === 'machines' && place.machine !== undefined) {
    const tab = machineTabs[Number(key) - 1]
    if (tab === undefined) return
    go({ ...place, tab })
  } else if (key === '?' && !event.ctrlKey && !(event.target instanceof HTMLElement && /^(input|textarea)$/i.test(event.target.tagName))) openOverlay({ kind: 'shortcuts' })
  else return
  event.preventDefault()
}
