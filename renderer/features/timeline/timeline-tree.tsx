/** The tree as it is drawn: time runs down, the coloured line is how the present came to be, dashed leaves are forks. Only what is in sight is in the page. */
import { Tooltip } from '@mantine/core'
import { GitFork, HardDrive, LayoutGrid, MemoryStick } from 'lucide-react'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { Checkpoint, Timeline } from '../../../contract/checkpoint.ts'
import type { MachineSummary } from '../../../contract/machine.ts'
import { useCheckpointPicture } from '../../state/checkpoint-pictures.ts'
import { dragsCheckpoint, droppedCheckpoint, isCheckpointDrag } from '../../state/checkpoint-drag.ts'
import { useLifeWords } from '../../state/machine-life.ts'
import { factOf, shapeOf, wordOf } from '../../state/machine-looks.ts'
import { useNow } from '../../state/now.ts'
import { openOverlay } from '../../state/overlay.ts'
import { go } from '../../state/place.ts'
import { useThumbnail } from '../../state/thumbnails.ts'
import { text } from '../../text/text.ts'
import { formatDay, formatDuration, formatMoment, precisionFor } from '../../text/time.ts'
import type { ClockPrecision } from '../../text/time.ts'
import { MiddleClip } from '../../ui/middle-clip.tsx'
import { formatBytes } from '../../ui/size-text.ts'
import { StateShape } from '../../ui/state-shape.tsx'
import { layOutTree, stepFrom } from './tree-layout.ts'
import type { Placed, PlacedLeaves, Step, TreeLayout } from './tree-layout.ts'

interface Geometry {
  readonly rowPx: number
  readonly lanePx: number
  /** Room for the days. */
  readonly gutterPx: number
  readonly cardPx: number
}

/** The middle of a picture, from the left edge of its card; and its height. */
const picture = { middlePx: 36, heightPx: 45 }
const topPx = 12
const leafRowPx = 44
const leavesAtMost = 3
const wide: Geometry = { rowPx: 69, lanePx: 244, gutterPx: 84, cardPx: 228 }
const narrow: Geometry = { rowPx: 60, lanePx: 188, gutterPx: 4, cardPx: 172 }
/** Below this width lanes move together. */
const narrowBelowPx = 800
const rowsBeyondSight = 6

const steps: Readonly<Record<string, Step>> = { ArrowUp: 'up', ArrowDown: 'down', ArrowLeft: 'left', ArrowRight: 'right', Home: 'first', End: 'last' }

interface TimelineTreeProps {
  readonly machine: MachineSummary
  readonly timeline: Timeline
  readonly forks: readonly MachineSummary[]
  /** Null: the present. */
  readonly selected: string | null
  /** Those that a search found; undefined: no search. */
  readonly found: ReadonlySet<string> | undefined
  readonly onSelect: (id: string | null) => void
  /** Keys that do something with what is chosen. */
  readonly onKey: (event: React.KeyboardEvent) => void
}

export function TimelineTree({ machine, timeline, forks, selected, found, onSelect, onKey }: TimelineTreeProps): React.ReactNode {
  const scroller = useRef<HTMLDivElement>(null)
  const [size, setSize] = useState({ width: 1000, height: 600 })
  const [scrolled, setScrolled] = useState(0)
  const geometry = size.width < narrowBelowPx ? narrow : wide
  const leaves = useMemo(() => leavesOf(timeline, forks), [timeline, forks])
  const layout = useMemo(() => layOutTree(timeline.checkpoints, timeline.present.parent, [...leaves].map(([of, all]) => ({ of, rows: Math.ceil((Math.min(all.length, leavesAtMost) * leafRowPx) / geometry.rowPx) }))), [timeline, leaves, geometry])
  const byId = useMemo(() => new Map(timeline.checkpoints.map((checkpoint) => [checkpoint.id as string, checkpoint])), [timeline])
  const days = useMemo(() => daysOf(layout, byId), [layout, byId])
  const precision = useMemo(() => precisionFor(timeline.checkpoints.map(({ takenAt }) => takenAt)), [timeline])
  const now = useNow()

  useEffect(() => {
    const element = scroller.current
    if (element === null) return
    const resized = new ResizeObserver(() => setSize({ width: element.clientWidth, height: element.clientHeight }))
    resized.observe(element)
    return () => resized.disconnect()
  }, [])
  // One begins at the present, which stands at the end.
  useLayoutEffect(() => {
    if (scroller.current !== null) scroller.current.scrollTop = scroller.current.scrollHeight
  }, [])
  useEffect(() => {
    const element = scroller.current
    const place = layout.points.find(({ id }) => id === selected)
    if (element === null || place === undefined) return
    const top = topPx + place.row * geometry.rowPx
    // With the forks that hang on it.
    const beside = Math.min(leaves.get(selected)?.length ?? 0, leavesAtMost) * leafRowPx
    const bottom = Math.min(top + Math.max(geometry.rowPx, beside), top + element.clientHeight - 28)
    const left = geometry.gutterPx + place.lane * geometry.lanePx
    if (top < element.scrollTop + 8) element.scrollTop = top - 16
    else if (bottom > element.scrollTop + element.clientHeight) element.scrollTop = bottom - element.clientHeight + 12
    if (left < element.scrollLeft) element.scrollLeft = Math.max(0, left - geometry.gutterPx)
    else if (left + geometry.lanePx > element.scrollLeft + element.clientWidth) element.scrollLeft = left + geometry.lanePx - element.clientWidth
  }, [selected, layout, geometry, leaves, size.height])

  const firstRow = Math.floor((scrolled - topPx) / geometry.rowPx) - rowsBeyondSight
  const lastRow = firstRow + Math.ceil(size.height / geometry.rowPx) + 2 * rowsBeyondSight
  const inSight = (from: number, to: number): boolean => to >= firstRow && from <= lastRow
  const height = topPx * 2 + layout.rows * geometry.rowPx
  const width = geometry.gutterPx + (layout.lanes - 1) * geometry.lanePx + geometry.cardPx + 16

  function keyed(event: React.KeyboardEvent): void {
    const step = steps[event.key]
    if (step === undefined || event.ctrlKey || event.altKey) return onKey(event)
    event.preventDefault()
    onSelect(stepFrom(layout, selected, step))
  }

  return (
    <div ref={scroller} className={geometry === narrow ? 'tl-canvas tl-narrow mf-scroll' : 'tl-canvas mf-scroll'} onScroll={({ currentTarget }) => setScrolled(quantised(currentTarget.scrollTop, geometry.rowPx))}>
      <div className="tl-tree" style={{ width, height }}>
        <svg width={width} height={height} aria-hidden>
          {layout.edges.filter(({ from, to }) => inSight(from.row, to.row)).toSorted((a, b) => Number(a.led) - Number(b.led)).map(({ from, to, led }) => <path key={to.id ?? ''} d={edgePath(geometry, from, to)} className={led ? 'tl-led' : undefined} />)}
          {layout.leaves.filter(({ from }) => inSight(from.row, from.row + 2)).map((placed) => <path key={placed.of ?? ''} d={leafPath(geometry, placed, Math.min(leaves.get(placed.of)?.length ?? 0, leavesAtMost))} className="tl-dashed" />)}
        </svg>
        {geometry === narrow ? null : days.filter(({ row }) => inSight(row, row)).map(({ row, day }) => <span key={row} className="tl-day" style={{ top: topPx + row * geometry.rowPx }}>{formatDay(day, now, text.timeline)}</span>)}
        <div className="tl-points" role="listbox" aria-label={text.timeline.tree(machine.name)} tabIndex={0} aria-activedescendant={`tl-${selected ?? 'now'}`} onKeyDown={keyed} data-timeline>
          {layout.points.filter(({ row, id }) => inSight(row, row) || id === selected).map((place) => {
            const at = { left: geometry.gutterPx + place.lane * geometry.lanePx, top: topPx + place.row * geometry.rowPx, width: geometry.cardPx }
            const checkpoint = byId.get(place.id ?? '')
            if (checkpoint !== undefined) return <Point key={checkpoint.id} machine={machine.id} checkpoint={checkpoint} at={at} selected={selected === checkpoint.id} faded={found?.has(checkpoint.id) === false} wraps={geometry === narrow} precision={precision} now={now} onSelect={onSelect} />
            return <Present key="now" machine={machine} timeline={timeline} parent={byId.get(timeline.present.parent ?? '')} at={at} selected={selected === null} now={now} onSelect={onSelect} />
          })}
        </div>
        {layout.leaves.length === 0 ? null : (
          <ul>
            {layout.leaves.filter(({ from }) => inSight(from.row, from.row + 2)).flatMap((placed) => {
              const all = leaves.get(placed.of) ?? []
              const shown = all.length > leavesAtMost ? all.slice(0, leavesAtMost - 1) : all
              const at = (index: number): React.CSSProperties => ({ left: leafLeft(geometry, placed), top: topPx + placed.from.row * geometry.rowPx + 2 + index * leafRowPx, width: geometry.cardPx - 32 })
              return [
                ...shown.map((fork, index) => <Leaf key={fork.id} fork={fork} at={at(index)} />),
                ...(shown.length === all.length ? [] : [
                  <li key={`more ${placed.of}`} className="tl-leaf" style={at(shown.length)}>
                    <button type="button" onClick={() => go({ view: 'grid', of: 'forks', id: machine.id })}><LayoutGrid size={16} strokeWidth={1.75} aria-hidden /><b className="mf-clip">{text.timeline.moreForks(all.length - shown.length)}</b></button>
                  </li>,
                ]),
              ]
            })}
          </ul>
        )}
      </div>
    </div>
  )
}

interface PointProps {
  readonly machine: string
  readonly checkpoint: Checkpoint
  readonly at: React.CSSProperties
  readonly selected: boolean
  readonly faded: boolean
  /** Whether its label has two lines; else it is cut in the middle, for the ending tells apart. */
  readonly wraps: boolean
  readonly precision: ClockPrecision
  readonly now: number
  readonly onSelect: (id: string) => void
}

function Point({ machine, checkpoint, at, selected, faded, wraps, precision, now, onSelect }: PointProps): React.ReactNode {
  const { id, label, description, kind, takenAt, hasThumbnail, sizes } = checkpoint
  const screen = useCheckpointPicture(machine, id, hasThumbnail)
  const Kind = kind === 'ram' ? MemoryStick : HardDrive
  const own = formatBytes(sizes.ownDiskBytes + sizes.ownRamBytes)
  return (
    <Tooltip multiline openDelay={700} position="bottom-start" label={<><b>{label}</b>{description === '' ? null : <><br />{description}</>}<br />{text.timeline.ownSize} {own}, {text.timeline.sharedWith(formatBytes(sizes.sharedBytes))}</>}>
      <div id={`tl-${id}`} className={`tl-point${faded ? ' tl-faded' : ''}`} style={at} role="option" aria-selected={selected} draggable onDragStart={(event) => dragsCheckpoint(event, { machine, checkpoint: id, label })} onClick={() => onSelect(id)}>
        {screen === undefined ? <span className="mf-thumb mf-thumb-off"><Kind size={14} strokeWidth={1.75} aria-hidden /></span> : <img className="mf-thumb" src={screen} alt="" draggable={false} />}
        <span className="tl-words">
          <b className="tl-label">{wraps ? label : <MiddleClip text={label} />}{checkpoint.broken === null ? null : <StateShape shape="crashed" label={text.timeline.broken} />}</b>
          <span className="tl-fact">{formatMoment(takenAt, now, precision)}{wraps ? <Kind size={11} strokeWidth={1.75} aria-hidden className="tl-mark" /> : null}</span>
          <span className="tl-fact tl-kind"><Kind size={12} strokeWidth={1.75} aria-hidden />{text.timeline.kinds[kind]}<span>{own}</span></span>
        </span>
      </div>
    </Tooltip>
  )
}

interface PresentProps {
  readonly machine: MachineSummary
  readonly timeline: Timeline
  readonly parent: Checkpoint | undefined
  readonly at: React.CSSProperties
  readonly selected: boolean
  readonly now: number
  readonly onSelect: (id: null) => void
}

function Present({ machine, timeline, parent, at, selected, now, onSelect }: PresentProps): React.ReactNode {
  const screen = useThumbnail(machine.id, machine.state === 'running' || machine.state === 'paused')
  const written = formatBytes(timeline.present.ownDiskBytes)
  const [over, setOver] = useState(false)
  return (
    <div
      id="tl-now"
      className={over ? 'tl-point tl-present tl-over' : 'tl-point tl-present'}
      style={at}
      role="option"
      aria-selected={selected}
      onClick={() => onSelect(null)}
      onDragOver={(event) => {
        if (!isCheckpointDrag(event)) return
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false)
        const dropped = isCheckpointDrag(event) ? droppedCheckpoint(event) : undefined
        if (dropped?.machine !== machine.id) return
        event.preventDefault()
        openOverlay({ kind: 'checkpoint', what: 'restore', machine: machine.id, checkpoint: dropped.checkpoint })
      }}
    >
      {screen === undefined ? <span className="mf-thumb mf-thumb-off"><StateShape shape={shapeOf(machine.state)} /></span> : <img className="mf-thumb" src={screen} alt="" />}
      <span className="tl-words">
        <b>{text.timeline.now} <span className="mf-tag mf-tag-accent">{text.timeline.youAreHere}</span></b>
        <span className="tl-fact tl-state"><StateShape shape={shapeOf(machine.state)} />{wordOf(machine)}</span>
        <span className="tl-fact">{parent === undefined ? text.timeline.sinceStart(written) : text.timeline.sinceParent(written, formatDuration((now - Date.parse(parent.takenAt)) / 1000))}</span>
      </span>
    </div>
  )
}

function Leaf({ fork, at }: { readonly fork: MachineSummary; readonly at: React.CSSProperties }): React.ReactNode {
  const life = useLifeWords(fork)
  return (
    <li className="tl-leaf" style={at}>
      <button type="button" onClick={() => go({ view: 'machines', machine: fork.id, tab: 'console' })}>
        <GitFork size={14} strokeWidth={1.75} aria-hidden />
        <span className="mf-grow">
          <b className="tl-leaf-name"><StateShape shape={shapeOf(fork.state)} label={wordOf(fork)} /><span className="mf-hidden">{text.timeline.forkLeaf}</span><span className="mf-clip">{fork.name}</span></b>
          <span className="tl-fact mf-clip" title={life?.whole}>{life?.short ?? factOf(fork)}</span>
        </span>
      </button>
    </li>
  )
}

/** By what they hang on: forks of a point, and of the running machine. */
function leavesOf({ checkpoints }: Timeline, forks: readonly MachineSummary[]): Map<string | null, MachineSummary[]> {
  const known = new Set<string>(checkpoints.map(({ id }) => id))
  const leaves = new Map<string | null, MachineSummary[]>()
  for (const fork of forks) {
    const at = fork.origin?.checkpoint ?? null
    // The point may be gone, and the fork live on.
    const of = at !== null && known.has(at) ? at : null
    leaves.set(of, [...(leaves.get(of) ?? []), fork])
  }
  return leaves
}

/** The first row of each day. */
function daysOf({ points }: TreeLayout, byId: ReadonlyMap<string, Checkpoint>): { readonly row: number; readonly day: string }[] {
  let last = ''
  return points.flatMap(({ id, row }) => {
    const takenAt = byId.get(id ?? '')?.takenAt
    const day = takenAt === undefined ? last : new Date(takenAt).toDateString()
    if (day === last || takenAt === undefined) return []
    last = day
    return [{ row, day: takenAt }]
  })
}

/** In steps, so that scrolling draws anew only when other rows come in sight. */
function quantised(scrollTop: number, rowPx: number): number {
  const stepPx = rowPx * (rowsBeyondSight / 2)
  return Math.floor(scrollTop / stepPx) * stepPx
}

function middleOf({ gutterPx, lanePx }: Geometry, lane: number): number {
  return gutterPx + lane * lanePx + picture.middlePx
}

/** Down from beneath the picture; to another lane, round a corner and across. */
function edgePath(geometry: Geometry, from: Placed, to: Placed): string {
  const x = middleOf(geometry, from.lane)
  const top = topPx + from.row * geometry.rowPx + picture.heightPx
  const toTop = topPx + to.row * geometry.rowPx
  if (from.lane === to.lane) return `M${x} ${top}V${toTop}`
  const across = toTop + picture.heightPx / 2
  return `M${x} ${top}V${across - 8}q0 8 8 8H${middleOf(geometry, to.lane) - picture.middlePx}`
}

function leafLeft(geometry: Geometry, { lane }: PlacedLeaves): number {
  return geometry.gutterPx + lane * geometry.lanePx + 12
}

/** From the card to each of its leaves, dashed. */
function leafPath(geometry: Geometry, placed: PlacedLeaves, amount: number): string {
  const left = geometry.gutterPx + placed.from.lane * geometry.lanePx + geometry.cardPx
  const right = leafLeft(geometry, placed)
  const top = topPx + placed.from.row * geometry.rowPx + 22
  const turn = Math.max(left + 4, right - 18)
  return [`M${left} ${top}H${right}`, ...Array.from({ length: amount - 1 }, (_, index) => `M${turn} ${top}V${top + (index + 1) * leafRowPx - 8}q0 8 8 8H${right}`)].join('')
}
