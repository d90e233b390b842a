/** The list at the left, the machine at the right; or the first run, where there is none. */
import { lazy, Suspense, useEffect, useMemo, useRef } from 'react'
import { useMirror } from '../../state/mirror.ts'
import { go } from '../../state/place.ts'
import type { MachineTab } from '../../state/place.ts'
import { recall, remember } from '../../state/memory.ts'
import { openOverlay } from '../../state/overlay.ts'
import { useSelection } from '../../state/selection.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { WithSidebar } from '../shell/with-sidebar.tsx'
import { ManySelected } from './many-selected.tsx'

/** The list is on the screen first; one can walk in it while the rest is loaded. */
const MachinePage = lazy(async () => {
  await somethingIsPainted()
  return { default: (await import('./machine-page.tsx')).MachinePage }
})
const FirstRun = lazy(async () => ({ default: (await import('../../features/first-run/first-run.tsx')).FirstRun }))

/** A page that is not seen paints nothing. */
function somethingIsPainted(): Promise<unknown> {
  return document.hidden ? Promise.resolve() : new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
}

function isString(value: unknown): value is string {
  return typeof value === 'string'
}

export function MachinesView({ machine, tab }: { readonly machine: string | undefined; readonly tab: MachineTab }): React.ReactNode {
  const all = useMirror(({ machines }) => machines)
  // Templates have a page of their own; one that is asked for by its address is shown all the same.
  const machines = useMemo(() => all.filter(({ role }) => role === 'machine'), [all])
  const phase = useMirror(({ phase }) => phase)
  const many = useSelection(({ machines }) => machines.size > 1)
  const found = all.find(({ id }) => id === machine)

  useEffect(() => {
    if (machine !== undefined) remember('machine', machine)
  }, [machine])
  useEffect(() => {
    if (machine !== undefined || machines.length === 0) return
    const last = recall('machine', isString, '')
    const [first] = machines
    const next = machines.some(({ id }) => id === last) ? last : first?.id
    if (next !== undefined) go({ view: 'machines', machine: next }, 'replace')
  }, [machine, machines])

  // Where the machine one looks at goes, its neighbour in the list comes.
  const place = useRef<{ readonly id: string; readonly index: number }>(undefined)
  useEffect(() => {
    const index = machines.findIndex(({ id }) => id === machine)
    if (machine !== undefined && index >= 0) place.current = { id: machine, index }
    else if (machine !== undefined && place.current?.id === machine && machines.length > 0) {
      const next = machines[Math.min(place.current.index, machines.length - 1)]
      if (next !== undefined) go({ view: 'machines', machine: next.id, tab }, 'replace')
    }
  }, [machine, machines, tab])

  if (phase === 'live' && machines.length === 0 && found === undefined) return <main className="app-main"><Suspense fallback={<div aria-busy />}><FirstRun /></Suspense></main>
  return (
    <WithSidebar narrow={tab === 'timeline' ? 'rail' : 'list'}>
      {many ? <ManySelected /> : found !== undefined ? <Suspense fallback={<div aria-busy />}><MachinePage key={found.id} machine={found} tab={tab} /></Suspense> : <Nothing gone={machine !== undefined && phase === 'live'} waiting={phase === 'connecting'} />}
    </WithSidebar>
  )
}

function Nothing({ gone, waiting }: { readonly gone: boolean; readonly waiting: boolean }): React.ReactNode {
  if (waiting) return <div aria-busy />
  return (
    <div className="mp-centre">
      <div className="mf-empty">
        <h2>{gone ? text.machine.gone : text.machine.choose}</h2>
        <p>{gone ? text.machine.goneMore : text.machine.chooseMore}</p>
        <Button onClick={() => openOverlay({ kind: 'wizard' })}>{text.list.newMachine}</Button>
      </div>
    </div>
  )
}
