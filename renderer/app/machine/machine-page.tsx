/** One machine: its header, what waits, what went wrong, and its views in tabs. */
import { lazy, Suspense, useRef } from 'react'
import type { MachineSummary } from '../../../contract/machine.ts'
import { BootStrip } from '../../features/starting/boot-strip.tsx'
import { useMirror } from '../../state/mirror.ts'
import { go, machineTabs } from '../../state/place.ts'
import type { MachineTab } from '../../state/place.ts'
import { text } from '../../text/text.ts'
import { ErrorFence } from '../shell/error-fence.tsx'
import { MachineHeader } from './machine-header.tsx'
import { PendingHint } from './pending-hint.tsx'
import { TroubleNote } from './trouble-note.tsx'

const views = {
  console: lazy(async () => ({ default: (await import('./console-tab.tsx')).ConsoleTab })),
  overview: lazy(async () => ({ default: (await import('../../features/overview/overview-tab.tsx')).OverviewTab })),
  hardware: lazy(async () => ({ default: (await import('../../features/hardware/hardware-tab.tsx')).HardwareTab })),
  network: lazy(async () => ({ default: (await import('../../features/network/network-tab.tsx')).NetworkTab })),
  timeline: lazy(async () => ({ default: (await import('../../features/timeline/timeline-tab.tsx')).TimelineTab })),
  log: lazy(async () => ({ default: (await import('../../features/log/log-tab.tsx')).LogTab })),
} as const satisfies Record<MachineTab, unknown>

export function MachinePage({ machine, tab }: { readonly machine: MachineSummary; readonly tab: MachineTab }): React.ReactNode {
  const View = views[tab]
  const away = useMirror(({ phase }) => phase === 'away')
  const tabs = useRef<HTMLDivElement>(null)

  function keyed(event: React.KeyboardEvent): void {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    const next = machineTabs[(machineTabs.indexOf(tab) + step + machineTabs.length) % machineTabs.length]
    if (step === 0 || next === undefined) return
    event.preventDefault()
    go({ view: 'machines', machine: machine.id, tab: next }, 'replace')
    tabs.current?.querySelector<HTMLElement>(`[data-tab=${next}]`)?.focus()
  }

  return (
    <div className={away ? 'mp app-old' : 'mp'}>
      <MachineHeader machine={machine} />
      <div ref={tabs} className="tabs" role="tablist" aria-label={text.machine.tabsLabel(machine.name)} onKeyDown={keyed}>
        {machineTabs.map((name) => (
          <button key={name} type="button" role="tab" data-tab={name} id={`tab-${name}`} aria-selected={name === tab} aria-controls="tab-panel" tabIndex={name === tab ? 0 : -1} onClick={() => go({ view: 'machines', machine: machine.id, tab: name })}>
            {text.machine.tabs[name]}
            {name === 'hardware' && machine.pendingChanges > 0 ? <small>{machine.pendingChanges}</small> : null}
            {name === 'timeline' && machine.checkpoints > 0 ? <small>{machine.checkpoints}</small> : null}
          </button>
        ))}
      </div>
      <TroubleNote machine={machine} />
      {tab === 'hardware' ? null : <PendingHint machine={machine} />}
      {tab === 'console' || tab === 'overview' ? <BootStrip machine={machine} /> : null}
      <div className="mp-panel" id="tab-panel" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        <ErrorFence key={tab}><Suspense fallback={<div aria-busy />}><View machine={machine} /></Suspense></ErrorFence>
      </div>
    </div>
  )
}
