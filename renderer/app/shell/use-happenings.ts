/** Says what happened to machines one does not look at: a crash, a host whose disk is full. */
import { useEffect } from 'react'
import { useMirror } from '../../state/mirror.ts'
import { currentPlace, go, usePlace } from '../../state/place.ts'
import { onHappening } from '../../state/sync.ts'
import { hideToast, showToast } from '../../state/toast.ts'
import { text } from '../../text/text.ts'
import type { EngineEvent } from '../../../contract/event.ts'

type Happening = Extract<EngineEvent, { type: 'machine.happened' }>

/** Those that somebody has to know of. */
const grave: readonly Happening['what'][] = ['crashed', 'watchdog', 'no-space']
const over: readonly Happening['what'][] = ['started', 'went-on']

export function useHappenings(): void {
  const place = usePlace()
  useEffect(() => onHappening(({ what, machine, sentence }) => {
    const now = currentPlace()
    const looking = now.view === 'machines' && now.machine === machine && !document.hidden
    // What is over needs nobody any more.
    if (over.includes(what)) hideToast(toastOf(machine))
    if (!grave.includes(what) || looking) return
    const name = useMirror.getState().machines.find(({ id }) => id === machine)?.name ?? machine
    showToast({ id: toastOf(machine), title: text.happened(name), message: sentence, stays: true, onClick: () => go({ view: 'machines', machine }) })
  }), [])
  // Who came to the machine sees it there.
  useEffect(() => {
    if (place.view === 'machines' && place.machine !== undefined) hideToast(toastOf(place.machine))
  }, [place])
}

function toastOf(machine: string): string {
  return `needs ${machine}`
}
