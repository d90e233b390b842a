/**
 * The list folded to a strip, for views that need the width: each machine as its screen with its
 * state on it, in the same order and with the same keys as in the list. Its name is a tooltip.
 */
import { Tooltip } from '@mantine/core'
import { useVirtualizer } from '@tanstack/react-virtual'
import { Plus, Power } from 'lucide-react'
import { useEffect, useMemo, useRef } from 'react'
import type { MachineSummary } from '../../../contract/machine.ts'
import { isOn, shapeOf, wordOf } from '../../state/machine-looks.ts'
import { openMachineMenu } from '../../state/machine-menu.ts'
import { listRows } from '../../state/machine-search.ts'
import { useMirror } from '../../state/mirror.ts'
import { openOverlay } from '../../state/overlay.ts'
import { go, usePlace } from '../../state/place.ts'
import { clearSelection, useSelection } from '../../state/selection.ts'
import { useThumbnail } from '../../state/thumbnails.ts'
import { text } from '../../text/text.ts'
import { IconButton } from '../../ui/button.tsx'
import { StateShape } from '../../ui/state-shape.tsx'
import { actByKey } from './machine-keys.ts'
import './machine-rail.css'

const machineRowPx = 36
const groupRowPx = 13
const nothingFolded: ReadonlySet<string> = new Set()

export function MachineRail(): React.ReactNode {
  const machines = useMirror(({ machines }) => machines)
  const selected = useSelection(({ machines }) => machines)
  const place = usePlace()
  const current = place.view === 'machines' ? place.machine : undefined
  const rows = useMemo(() => listRows(machines, { search: '', filter: 'all', order: 'byName', folded: nothingFolded }), [machines])
  const ids = rows.flatMap((row) => (row.kind === 'machine' ? [row.machine.id as string] : []))
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (rows[index]?.kind === 'machine' ? machineRowPx : groupRowPx),
    overscan: 8,
  })
  useEffect(() => virtual.measure(), [rows, virtual])

  function show(id: string): void {
    clearSelection()
    go({ view: 'machines', machine: id, ...(place.view === 'machines' && place.tab !== undefined ? { tab: place.tab } : {}) })
  }
  function keyed(event: React.KeyboardEvent): void {
    const at = ids.indexOf(current ?? '')
    const steps: Readonly<Record<string, number>> = { ArrowDown: at + 1, ArrowUp: at < 0 ? ids.length - 1 : at - 1, Home: 0, End: ids.length - 1 }
    const target = steps[event.key]
    const machine = machines.find(({ id }) => id === current)
    if (target === undefined) return machine === undefined ? undefined : actByKey(event, machine, selected, `rail-${machine.id}`)
    event.preventDefault()
    const id = ids[Math.min(ids.length - 1, Math.max(0, target))]
    if (id === undefined) return
    show(id)
    virtual.scrollToIndex(rows.findIndex((row) => row.kind === 'machine' && row.machine.id === id))
  }

  return (
    <div className="rail">
      <IconButton look="default" className="rail-new" icon={Plus} name={text.list.newMachine} onClick={() => openOverlay({ kind: 'wizard' })} />
      <div ref={scroller} className="rail-list mf-scroll" role="listbox" aria-label={text.list.label} aria-activedescendant={current === undefined || !ids.includes(current) ? undefined : `rail-${current}`} tabIndex={0} onKeyDown={keyed}>
        <div className="rail-all" role="presentation" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index]
            if (row === undefined) return null
            const at = { transform: `translateY(${item.start}px)` }
            if (row.kind === 'group') return item.index === 0 ? null : <span key={item.key} className="rail-rule" style={at} role="presentation" />
            return <RailMachine key={row.machine.id} machine={row.machine} at={at} current={row.machine.id === current} onShow={show} />
          })}
        </div>
      </div>
    </div>
  )
}

interface RailMachineProps {
  readonly machine: MachineSummary
  readonly at: React.CSSProperties
  readonly current: boolean
  readonly onShow: (id: string) => void
}

function RailMachine({ machine, at, current, onShow }: RailMachineProps): React.ReactNode {
  const on = isOn(machine.state)
  const picture = useThumbnail(machine.id, machine.state === 'running' || machine.state === 'paused')
  return (
    <Tooltip label={`${machine.name}, ${wordOf(machine).toLowerCase()}`} position="right">
      <div
        id={`rail-${machine.id}`}
        className="rail-machine"
        style={at}
        role="option"
        aria-selected={current}
        aria-label={machine.name}
        onClick={() => onShow(machine.id)}
        onContextMenu={(event) => {
          event.preventDefault()
          openMachineMenu({ machine: machine.id, x: event.clientX, y: event.clientY })
        }}
      >
        {picture !== undefined && (on || machine.state === 'crashed') ? <img className={`mf-thumb ${machine.state === 'running' ? '' : 'mf-thumb-dim'}`} src={picture} alt="" /> : <span className={`mf-thumb ${on ? '' : 'mf-thumb-off'}`}>{on ? null : <Power size={12} strokeWidth={1.75} aria-hidden />}</span>}
        <span className="rail-state"><StateShape shape={shapeOf(machine.state)} label={wordOf(machine)} /></span>
      </div>
    </Tooltip>
  )
}
