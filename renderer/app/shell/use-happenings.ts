/** Says what happened to machines one does not look at: a crash, a host whose disk is full. */
import { useEffect } from 'react'
import { useMirror } from '../../state/mirror.ts'
import { currentPlace, go } from '../../state/place.ts'
import { onHappening } from '../../state/sync.ts'
import { showToast } from '../../state/toast.ts'
import { text } from '../../text/text.ts'
import type { EngineEvent } from '../../../contract/event.ts'

type Happening = Extract<EngineEvent, { type: 'machine.happened' }>

/** Those that somebody has to know of. */
const grave: readonly Happening['what'][] = ['crashed', 'watchdog', 'no-space']

export function useHappenings(): void {
  useEffect(() => onHappening(({ what, machine, sentence }) => {
    const place = currentPlace()
    if (!grave.includes(what) || (place.view === 'machines' && place.machine === machine && !document.hidden)) return
    const name = useMirror.getState().machines.find(({ id }) => id === machine)?.name ?? machine
    showToast({ title: text.happened(name), message: sentence, stays: true, onClick: () => go({ view: 'machines', machine }) })
  }), [])
}
