/**
 * Many consoles side by side: pictures, of which the focused one is live; ticked ones are typed to
 * together. Whose consoles they are, and how one is shown live, is decided by whoever shows it.
 */
import { SegmentedControl } from '@mantine/core'
import { Grid2x2, Grid3x3, Keyboard, PanelLeft, Pause, Square, Trash2 } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import type { MachineSummary } from '../../../contract/machine.ts'
import { performOnAll, whyNot } from '../../state/machine-actions.ts'
import { isOn } from '../../state/machine-looks.ts'
import { recall, remember } from '../../state/memory.ts'
import { askFirst } from '../../state/overlay.ts'
import { go } from '../../state/place.ts'
import { useRealMemory } from '../../state/real-memory.ts'
import { showToast } from '../../state/toast.ts'
import { text } from '../../text/text.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { formatBytes, formatMiB } from '../../ui/size-text.ts'
import { StateShape } from '../../ui/state-shape.tsx'
import { GridTile } from './grid-tile.tsx'
import { countKinds, kindOf, moveInGrid, shapeOfKind } from './tile-words.ts'
import type { GridEntry, Move, TileKind } from './tile-words.ts'
import { TypeBar } from './type-bar.tsx'
import './console-grid.css'

const sizes = ['large', 'middle', 'small'] as const
type TileSize = (typeof sizes)[number]
const sizeIcons = { large: Square, middle: Grid2x2, small: Grid3x3 } as const
/** Least width of a tile. */
const tileWidthsPx: Readonly<Record<TileSize, number>> = { large: 520, middle: 300, small: 200 }

const moves: Readonly<Record<string, Move>> = { ArrowUp: 'up', ArrowDown: 'down', ArrowLeft: 'left', ArrowRight: 'right', Home: 'first', End: 'last' }

function isSize(value: unknown): value is TileSize {
  return sizes.includes(value as TileSize)
}

interface ConsoleGridProps {
  readonly title: string
  readonly entries: readonly GridEntry[]
  /** What to say where there are none. */
  readonly none: { readonly title: string; readonly more: string; readonly action?: React.ReactNode }
  /** The one filled button, where there is one. */
  readonly action?: React.ReactNode
  readonly live: (machine: MachineSummary, kind: 'screen' | 'serial') => React.ReactNode
}

export function ConsoleGrid({ title, entries, none, action, live }: ConsoleGridProps): React.ReactNode {
  const tiles = useRef<HTMLUListElement>(null)
  const [filter, setFilter] = useState<TileKind>()
  const [size, setSize] = useState<TileSize>(() => recall('grid-size', isSize, 'middle'))
  const [liveKind, setLiveKind] = useState<'screen' | 'serial'>('screen')
  const [focused, setFocused] = useState<string>()
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set())
  const [typing, setTyping] = useState(false)

  const shown = filter === undefined ? entries : entries.filter((entry) => kindOf(entry) === filter)
  const machines = entries.map(({ machine }) => machine)
  // Nothing is ever done to one that the filter hides; its tick waits until it is seen again.
  const seen = shown.map(({ machine }) => machine)
  const tickedSeen = seen.filter(({ id }) => ticked.has(id))
  const tickedHidden = machines.filter(({ id }) => ticked.has(id)).length - tickedSeen.length
  const allTicked = seen.length > 0 && tickedSeen.length === seen.length
  const able = tickedSeen.filter(({ state }) => isOn(state))
  const on = machines.filter(({ state }) => isOn(state))
  const given = formatMiB(on.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0))
  const real = useRealMemory(on.map(({ id }) => id))
  const current = shown.findIndex(({ machine }) => machine.id === focused)
  const pausable = (tickedSeen.length > 0 ? tickedSeen : seen).filter((machine) => whyNot('pause', machine) === undefined)
  const deletable = tickedSeen.filter((machine) => whyNot('delete', machine) === undefined)

  const pauseWord = tickedSeen.length > 0 ? text.grid.pauseTicked(pausable.length) : text.grid.pauseAll

  // Whoever comes here walks with the arrows at once.
  useEffect(() => tiles.current?.focus({ preventScroll: true }), [])

  function tick(id: string): void {
    setTicked((before) => {
      const next = new Set(before)
      if (!next.delete(id)) next.add(id)
      return next
    })
  }
  function tickAll(): void {
    setTicked((before) => {
      const next = new Set(before)
      for (const { id } of seen) {
        if (allTicked) next.delete(id)
        else next.add(id)
      }
      return next
    })
  }
  function typeByKey(here: string | undefined): void {
    if (tickedSeen.length === 0 && here === undefined) return showToast({ id: 'tick-first', title: text.grid.tickFirst })
    if (tickedSeen.length === 0 && here !== undefined) tick(here)
    setTyping(true)
  }
  function open(id: string): void {
    go({ view: 'machines', machine: id, tab: 'console' })
  }
  function keyed(event: React.KeyboardEvent): void {
    const inConsole = event.target instanceof Element && event.target.closest('[data-keyboard-is-the-guests], input, button, textarea') !== null
    if (inConsole || event.ctrlKey || event.altKey || event.metaKey) return
    const move = moves[event.key]
    const here = shown[current]?.machine.id
    if (move !== undefined) {
      const columns = tiles.current === null ? 1 : getComputedStyle(tiles.current).gridTemplateColumns.split(' ').length
      const next = shown[moveInGrid(current, shown.length, columns, current < 0 ? 'first' : move)]?.machine.id
      setFocused(next)
      document.querySelector(`#tile-${next}`)?.scrollIntoView({ block: 'nearest' })
    } else if (event.key === 'Enter' && here !== undefined) open(here)
    else if (event.key === ' ' && here !== undefined) tick(here)
    else if (event.key === 'Escape') setFocused(undefined)
    else if (event.key.toLowerCase() === 't') typeByKey(here)
    else if (event.key.toLowerCase() === 'f') setFilter(filter === 'failed' ? undefined : 'failed')
    else return
    event.preventDefault()
  }
  function stopTyping(): void {
    setTyping(false)
    tiles.current?.focus({ preventScroll: true })
  }

  return (
    <div className="cg">
      <div className="mh cg-head">
        <IconButton icon={PanelLeft} name={text.grid.back} onClick={() => go({ view: 'machines' })} />
        <div className="mf-grow">
          <div className="mh-line"><h1 className="mf-clip">{title}</h1></div>
          <div className="mh-facts"><span className="mf-clip">{real === undefined ? text.grid.facts(on.length, given) : text.grid.factsReal(on.length, given, formatBytes(real))}</span></div>
        </div>
        <div className="cg-counts" role="group" aria-label={text.grid.countsLabel}>
          {countKinds(entries).map(({ kind, amount }) => (
            <button key={kind} type="button" aria-pressed={filter === kind} onClick={() => setFilter(filter === kind ? undefined : kind)}><StateShape shape={shapeOfKind(kind)} /><b>{amount}</b><span className="cg-word">{text.grid.counts[kind]}</span></button>
          ))}
        </div>
        <div className="mh-acts">
          <Button look="quiet" size="large" icon={Pause} aria-label={pauseWord} cannot={pausable.length === 0 ? text.grid.noneCan : undefined} onClick={() => void performOnAll('pause', pausable)}><span className="mh-word">{pauseWord}</span></Button>
          <Button look="quiet" size="large" danger={deletable.length > 0} icon={Trash2} className="cg-delete" cannot={tickedSeen.length === 0 ? text.grid.tickToDelete : deletable.length === 0 ? text.grid.noneCan : undefined} onClick={() => askFirst('delete', deletable.map(({ id }) => id))}>{deletable.length === 0 ? text.verb.delete : text.grid.deleteTicked(deletable.length)}</Button>
          {action}
        </div>
      </div>
      <div className="tool cg-tool">
        <Button size="small" icon={Keyboard} aria-pressed={typing} cannot={typing || tickedSeen.length > 0 ? undefined : text.grid.tickFirst} tooltip={text.grid.typeMore} onClick={() => (typing ? stopTyping() : setTyping(true))}>{typing ? text.grid.typing(able.length) : text.grid.type}</Button>
        {typing ? <TypeBar machines={able} onEnd={stopTyping} /> : <Button size="small" look="quiet" onClick={tickAll}>{allTicked ? text.grid.tickNone : text.grid.tickAll}</Button>}
        {tickedHidden > 0 ? <span className="mf-3 mf-sm" role="status">{text.grid.tickedHidden(tickedHidden)}</span> : null}
        <span className="mf-push mf-row cg-choices">
          <SegmentedControl className="mf-wide-only" aria-label={text.grid.liveConsole} value={liveKind} data={(['screen', 'serial'] as const).map((value) => ({ value, label: text.grid.liveKinds[value] }))} onChange={(value) => setLiveKind(value === 'serial' ? 'serial' : 'screen')} />
          <SegmentedControl aria-label={text.grid.filter} value={filter === 'running' || filter === 'failed' ? filter : filter === undefined ? 'all' : ''} data={(['all', 'running', 'failed'] as const).map((value) => ({ value, label: text.grid.filters[value] }))} onChange={(value) => setFilter(value === 'running' || value === 'failed' ? value : undefined)} />
          <SegmentedControl
            className="mf-wide-only"
            aria-label={text.grid.size}
            value={size}
            data={sizes.map((value) => {
              const Icon = sizeIcons[value]
              return { value, label: <><Icon size={14} strokeWidth={1.75} aria-hidden /><span className="mf-hidden">{text.grid.sizes[value]}</span></> }
            })}
            onChange={(value) => {
              if (!isSize(value)) return
              setSize(value)
              remember('grid-size', value)
            }}
          />
        </span>
      </div>
      {entries.length === 0 || shown.length === 0 ? (
        <div className="cg-none">
          <div className="mf-empty">
            {entries.length === 0 ? <><h2>{none.title}</h2><p>{none.more}</p>{none.action}</> : <><p>{text.grid.noneFiltered}</p><Button onClick={() => setFilter(undefined)}>{text.grid.showAll}</Button></>}
          </div>
        </div>
      ) : (
        <ul ref={tiles} className={`cg-tiles cg-${size} mf-scroll`} style={{ gridTemplateColumns: `repeat(auto-fill, minmax(min(${tileWidthsPx[size]}px, 100%), 1fr))` }} tabIndex={0} aria-label={title} onKeyDown={keyed}>
          {shown.map((entry) => {
            const { id } = entry.machine
            const isFocused = id === focused
            return <GridTile key={id} entry={entry} focused={isFocused} ticked={ticked.has(id)} live={isFocused && isOn(entry.machine.state) ? live(entry.machine, liveKind) : undefined} onFocus={() => {
              setFocused(id)
              // What was pressed goes when the live console comes; the arrows go on from here.
              tiles.current?.focus({ preventScroll: true })
            }} onTick={() => tick(id)} onOpen={() => open(id)} />
          })}
        </ul>
      )}
    </div>
  )
}
