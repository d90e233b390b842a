/** The timeline as a table: the same facts, one row each, for who listens, prints or has hundreds. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { useRef } from 'react'
import type { Checkpoint, Timeline } from '../../../contract/checkpoint.ts'
import type { MachineSummary } from '../../../contract/machine.ts'
import { useCheckpointPicture } from '../../state/checkpoint-pictures.ts'
import { wordOf } from '../../state/machine-looks.ts'
import { useNow } from '../../state/now.ts'
import { text } from '../../text/text.ts'
import { formatMoment, precisionFor } from '../../text/time.ts'
import { MiddleClip } from '../../ui/middle-clip.tsx'
import { formatBytes } from '../../ui/size-text.ts'
import { StateShape } from '../../ui/state-shape.tsx'

const rowPx = 44

interface TimelineListProps {
  readonly machine: MachineSummary
  readonly timeline: Timeline
  readonly selected: string | null
  readonly found: ReadonlySet<string> | undefined
  readonly onSelect: (id: string | null) => void
  readonly onKey: (event: React.KeyboardEvent) => void
}

export function TimelineList({ machine, timeline, selected, found, onSelect, onKey }: TimelineListProps): React.ReactNode {
  const scroller = useRef<HTMLDivElement>(null)
  const now = useNow()
  const rows = timeline.checkpoints.filter(({ id }) => found?.has(id) ?? true).toSorted((a, b) => (a.takenAt < b.takenAt ? 1 : -1))
  const precision = precisionFor(timeline.checkpoints.map(({ takenAt }) => takenAt))
  const labels = new Map<string, string>(timeline.checkpoints.map(({ id, label }) => [id, label]))
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => rowPx, overscan: 10 })
  const ids: (string | null)[] = [null, ...rows.map(({ id }) => id)]

  function keyed(event: React.KeyboardEvent): void {
    const at = ids.indexOf(selected)
    const to: Readonly<Record<string, number>> = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: ids.length - 1, PageUp: at - 10, PageDown: at + 10 }
    const target = to[event.key]
    if (target === undefined) return onKey(event)
    event.preventDefault()
    const index = Math.min(ids.length - 1, Math.max(0, target))
    onSelect(ids[index] ?? null)
    if (index > 0) virtual.scrollToIndex(index - 1)
  }

  const line = (checkpoint: Checkpoint): React.ReactNode => (
    <>
      <span className="tl-row-name"><Picture machine={machine.id} checkpoint={checkpoint} /><b><MiddleClip text={checkpoint.label} /></b></span>
      <span>{formatMoment(checkpoint.takenAt, now, precision)}</span>
      <span>{text.timeline.kinds[checkpoint.kind]}</span>
      <span>{formatBytes(checkpoint.sizes.ownDiskBytes + checkpoint.sizes.ownRamBytes)}</span>
      <span className="mf-clip">{labels.get(checkpoint.parent ?? '') ?? text.timeline.beginning}</span>
      <span className="mf-clip tl-row-needed">{checkpoint.neededBy.map(({ name }) => name).join(', ')}</span>
    </>
  )
  return (
    <div ref={scroller} className="tl-list mf-scroll">
      <div className="tl-row tl-row-head" aria-hidden><span>{text.timeline.table.label}</span><span>{text.timeline.table.taken}</span><span>{text.timeline.table.kind}</span><span>{text.timeline.table.own}</span><span>{text.timeline.table.parent}</span><span className="tl-row-needed">{text.timeline.table.neededBy}</span></div>
      <div role="listbox" aria-label={text.timeline.tree(machine.name)} tabIndex={0} aria-activedescendant={selected === null || rows.some(({ id }) => id === selected) ? `tl-${selected ?? 'now'}` : undefined} onKeyDown={keyed} data-timeline>
        <div id="tl-now" className="tl-row" role="option" aria-selected={selected === null} onClick={() => onSelect(null)}>
          <span className="tl-row-name"><span className="tl-row-now"><StateShape shape="note" /></span><b>{text.timeline.now}</b></span><span>{wordOf(machine)}</span><span /><span>{formatBytes(timeline.present.ownDiskBytes)}</span><span className="mf-clip">{labels.get(timeline.present.parent ?? '') ?? text.timeline.beginning}</span><span className="tl-row-needed" />
        </div>
        <div className="tl-rows" role="presentation" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const checkpoint = rows[index]
            if (checkpoint === undefined) return null
            return <div key={checkpoint.id} id={`tl-${checkpoint.id}`} className="tl-row tl-row-at" style={{ transform: `translateY(${start}px)` }} role="option" aria-selected={selected === checkpoint.id} onClick={() => onSelect(checkpoint.id)}>{line(checkpoint)}</div>
          })}
        </div>
      </div>
    </div>
  )
}

function Picture({ machine, checkpoint }: { readonly machine: string; readonly checkpoint: Checkpoint }): React.ReactNode {
  const screen = useCheckpointPicture(machine, checkpoint.id, checkpoint.hasThumbnail)
  return screen === undefined ? <span className="mf-thumb mf-thumb-off" /> : <img className="mf-thumb" src={screen} alt="" />
}
