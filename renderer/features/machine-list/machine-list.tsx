/** The list of machines: searched, filtered, grouped by tag, walked with the arrows; smooth with hundreds. */
import { Menu } from '@mantine/core'
import { LayoutGrid, ListFilter as FilterIcon, Plus, Search, X } from 'lucide-react'
import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react'
import { text } from '../../text/text.ts'
import { listRows } from '../../state/machine-search.ts'
import type { ListFilter, ListOrder, ListRow } from '../../state/machine-search.ts'
import { recall, remember } from '../../state/memory.ts'
import { useMirror } from '../../state/mirror.ts'
import { openOverlay } from '../../state/overlay.ts'
import { go, usePlace } from '../../state/place.ts'
import { clearSelection, select, useSelection } from '../../state/selection.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { HostFoot } from './host-foot.tsx'
import { actByKey } from './machine-keys.ts'
import { VirtualRows } from './virtual-rows.tsx'
import './machine-list.css'

const filters: readonly ListFilter[] = ['all', 'running', 'stopped', 'needsYou']
const orders: readonly ListOrder[] = ['byName', 'byState', 'byMemory']

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string')
}

export function MachineList(): React.ReactNode {
  const machines = useMirror(({ machines }) => machines)
  const phase = useMirror(({ phase }) => phase)
  const place = usePlace()
  const current = place.view === 'machines' ? place.machine : undefined
  const selected = useSelection(({ machines }) => machines)
  const [search, setSearch] = useState('')
  const [filter, setFilter] = useState<ListFilter>('all')
  const [order, setOrder] = useState<ListOrder>('byName')
  const [folded, setFolded] = useState(() => new Set(recall('folded-groups', isStrings, [])))
  const question = useDeferredValue(search)
  const rows = useMemo(() => listRows(machines, { search: question, filter, order, folded }), [machines, question, filter, order, folded])
  const searchField = useRef<HTMLInputElement>(null)
  const scroller = useRef<HTMLDivElement>(null)
  const bringUp = useRef<(index: number) => void>(undefined)

  useEffect(() => {
    const focusSearch = (event: KeyboardEvent): void => {
      if (event.key !== '/' || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return
      event.preventDefault()
      searchField.current?.focus()
      searchField.current?.select()
    }
    window.addEventListener('keydown', focusSearch)
    return () => window.removeEventListener('keydown', focusSearch)
  }, [])

  const ids = useMemo(() => rows.flatMap((row) => (row.kind === 'machine' ? [row.machine.id as string] : [])), [rows])
  /** The head of a group one stands on; else one stands on the machine that is shown. */
  const [head, setHead] = useState<string>()
  const at = rows.findIndex((row) => (head === undefined ? row.kind === 'machine' && row.machine.id === current : row.kind === 'group' && row.key === head))
  /** Where marking several began. */
  const anchor = useRef<string>(undefined)

  function show(id: string, how: 'push' | 'replace' = 'push'): void {
    clearSelection()
    setHead(undefined)
    anchor.current = undefined
    go({ view: 'machines', machine: id, ...(place.view === 'machines' && place.tab !== undefined ? { tab: place.tab } : {}) }, how)
  }

  function fold(key: string, shall: boolean): void {
    const next = new Set(folded)
    if (shall) next.add(key)
    else next.delete(key)
    setFolded(next)
    remember('folded-groups', [...next])
  }

  /** Marks all between where marking began and `id`. */
  function markTo(id: string): void {
    anchor.current ??= current ?? id
    const [from = 0, to = 0] = [ids.indexOf(anchor.current), ids.indexOf(id)].sort((a, b) => a - b)
    select(ids.slice(Math.max(0, from), to + 1))
  }

  function clicked(event: React.MouseEvent, id: string): void {
    if (event.ctrlKey || event.metaKey) {
      const next = new Set(selected.size > 0 ? selected : current === undefined ? [] : [current])
      if (!next.delete(id)) next.add(id)
      const [only] = next
      // One alone is not marked, it is shown.
      if (next.size === 1 && only !== undefined && only !== current) show(only)
      else {
        select(next)
        anchor.current = id
      }
    } else if (event.shiftKey && current !== undefined) markTo(id)
    else show(id)
  }
  // The same for as long as the list is there: a row that is scrolled past is not drawn anew.
  const pick = useRef(clicked)
  useEffect(() => {
    pick.current = clicked
  })
  const onPick = useCallback((event: React.MouseEvent, id: string) => {
    pick.current(event, id)
    scroller.current?.focus({ preventScroll: true })
  }, [])

  function walk(to: number, marking: boolean): void {
    const row = rows[Math.min(rows.length - 1, Math.max(0, to))]
    if (row === undefined) return
    if (row.kind === 'group') {
      setHead(row.key)
    } else if (marking) {
      markTo(row.machine.id)
      go({ view: 'machines', machine: row.machine.id, ...(place.view === 'machines' && place.tab !== undefined ? { tab: place.tab } : {}) }, 'replace')
    } else show(row.machine.id, 'replace')
    bringUp.current?.(rows.indexOf(row))
  }

  /** Marking steps over heads: they are no machines. */
  function stepMarking(step: 1 | -1): number {
    let to = at + step
    while (rows[to]?.kind === 'group') to += step
    return rows[to] === undefined ? at : to
  }

  function keyed(event: React.KeyboardEvent): void {
    if (event.target !== event.currentTarget) return
    const { key, shiftKey, ctrlKey } = event
    const steps: Readonly<Record<string, number>> = { ArrowDown: at + 1, ArrowUp: at < 0 ? rows.length - 1 : at - 1, Home: 0, End: rows.length - 1, PageDown: at + 10, PageUp: at - 10 }
    const to = steps[key]
    const row = rows[at]
    if (to !== undefined) {
      event.preventDefault()
      const marking = shiftKey && head === undefined && (key === 'ArrowDown' || key === 'ArrowUp')
      return walk(marking ? stepMarking(key === 'ArrowDown' ? 1 : -1) : to, marking)
    }
    if (key === 'ArrowLeft' || key === 'ArrowRight') return fromSide(event, row)
    if (row?.kind === 'group') {
      if (key !== 'Enter' && key !== ' ') return
      event.preventDefault()
      return fold(row.key, !row.folded)
    }
    if (key === 'a' && ctrlKey) {
      event.preventDefault()
      select(ids)
    } else if (key === 'Escape') clearSelection()
    const machine = machines.find(({ id }) => id === current)
    if (machine !== undefined) actByKey(event, machine, selected, `machine-${machine.id}`)
  }

  /** Left folds the group one stands on, or leads to it; right unfolds it. */
  function fromSide(event: React.KeyboardEvent, row: ListRow | undefined): void {
    if (row?.kind === 'group') fold(row.key, event.key === 'ArrowLeft')
    else if (event.key === 'ArrowLeft' && row !== undefined) {
      const above = rows.findLastIndex((one, index) => index < at && one.kind === 'group')
      if (above >= 0) walk(above, false)
    } else return
    event.preventDefault()
  }

  return (
    <div className="ml">
      <div className="ml-head">
        <div className="mf-field ml-search">
          <Search size={16} strokeWidth={1.75} aria-hidden className="mf-icon" />
          <input
            ref={searchField}
            value={search}
            placeholder={text.list.search(machines.filter(({ role }) => role === 'machine').length)}
            aria-label={text.list.searchName}
            onChange={(event) => setSearch(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'Escape') setSearch('')
              if (event.key !== 'ArrowDown' && event.key !== 'Enter') return
              event.preventDefault()
              const [first] = ids
              if (first !== undefined && !ids.includes(current ?? '')) show(first)
              scroller.current?.focus()
            }}
          />
          {search === '' ? <kbd className="mf-kbd" aria-hidden>/</kbd> : <IconButton size="small" icon={X} name={text.list.clearSearch} onClick={() => setSearch('')} />}
        </div>
        <Menu position="bottom-start">
          <Menu.Target>
            <IconButton icon={FilterIcon} name={text.list.filter} aria-pressed={filter !== 'all' || order !== 'byName'} />
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>{text.list.show}</Menu.Label>
            {filters.map((value) => <Menu.RadioItem key={value} value={value} checked={filter === value} closeMenuOnClick onChange={() => setFilter(value)}>{text.list[value]}</Menu.RadioItem>)}
            <Menu.Divider />
            <Menu.Label>{text.list.sortBy}</Menu.Label>
            {orders.map((value) => <Menu.RadioItem key={value} value={value} checked={order === value} closeMenuOnClick onChange={() => setOrder(value)}>{text.list[value]}</Menu.RadioItem>)}
            <Menu.Divider className="ml-narrow-only" />
            <Menu.Item className="ml-narrow-only" leftSection={<LayoutGrid size={16} strokeWidth={1.75} aria-hidden />} onClick={() => go({ view: 'grid' })}>{text.nav.grid}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
        <IconButton icon={LayoutGrid} name={text.nav.grid} className="ml-filter" onClick={() => go({ view: 'grid' })} />
        <IconButton look="default" icon={Plus} name={text.list.newMachine} onClick={() => openOverlay({ kind: 'wizard' })} />
      </div>
      {rows.length === 0 && phase !== 'connecting' ? (
        <div className="ml-none">
          {search === '' ? <p>{text.list.noneShown}</p> : <p>{text.list.noMatch(search)}</p>}
          <Button size="small" onClick={() => (search === '' ? setFilter('all') : setSearch(''))}>{search === '' ? text.list.showAll : text.list.clearSearch}</Button>
        </div>
      ) : null}
      <div
        ref={scroller}
        className="ml-list mf-scroll"
        role="listbox"
        aria-label={text.list.label}
        aria-multiselectable
        aria-activedescendant={at < 0 ? undefined : head === undefined ? `machine-${current}` : `ml-group-${at}`}
        tabIndex={0}
        onKeyDown={keyed}
      >
        <VirtualRows rows={rows} scroller={scroller} bringUp={bringUp} current={current} selected={selected} head={head} onPick={onPick} onToggle={fold} />
      </div>
      <HostFoot />
    </div>
  )
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select|canvas)$/i.test(target.tagName))
}
