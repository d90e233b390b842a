/** The list of machines: searched, filtered, grouped by tag, walked with the arrows; smooth with hundreds. */
import { Menu } from '@mantine/core'
import { LayoutGrid, ListFilter as FilterIcon, Plus, Search, X } from 'lucide-react'
import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react'
import { text } from '../../text/text.ts'
import { listRows } from '../../state/machine-search.ts'
import type { ListFilter, ListOrder } from '../../state/machine-search.ts'
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

  function show(id: string, how: 'push' | 'replace' = 'push'): void {
    clearSelection()
    go({ view: 'machines', machine: id, ...(place.view === 'machines' && place.tab !== undefined ? { tab: place.tab } : {}) }, how)
  }

  function toggleGroup(key: string): void {
    const next = new Set(folded)
    if (!next.delete(key)) next.add(key)
    setFolded(next)
    remember('folded-groups', [...next])
  }

  function clicked(event: React.MouseEvent, id: string): void {
    if (event.ctrlKey || event.metaKey) {
      const next = new Set(selected.size > 0 ? selected : current === undefined ? [] : [current])
      if (!next.delete(id)) next.add(id)
      select(next)
    } else if (event.shiftKey && current !== undefined) {
      const [from, to] = [ids.indexOf(current), ids.indexOf(id)].sort((a, b) => a - b)
      select(ids.slice(Math.max(0, from ?? 0), (to ?? 0) + 1))
    } else show(id)
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

  function keyed(event: React.KeyboardEvent): void {
    if (event.target !== event.currentTarget) return
    const machine = machines.find(({ id }) => id === current)
    const at = ids.indexOf(current ?? '')
    const step: Readonly<Record<string, number>> = { ArrowDown: at + 1, ArrowUp: at < 0 ? ids.length - 1 : at - 1, Home: 0, End: ids.length - 1, PageDown: at + 10, PageUp: at - 10 }
    const target = step[event.key]
    if (target !== undefined) {
      event.preventDefault()
      const id = ids[Math.min(ids.length - 1, Math.max(0, target))]
      if (id === undefined) return
      if (event.shiftKey) select([...selected, ...(current === undefined ? [] : [current]), id])
      if (event.shiftKey) go({ view: 'machines', machine: id }, 'replace')
      else show(id, 'replace')
      bringUp.current?.(rows.findIndex((row) => row.kind === 'machine' && row.machine.id === id))
      return
    }
    if (event.key === 'a' && event.ctrlKey) {
      event.preventDefault()
      select(ids)
    } else if (event.key === 'Escape') clearSelection()
    if (machine !== undefined) actByKey(event, machine, selected)
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
            <IconButton icon={FilterIcon} name={text.list.filter} aria-pressed={filter !== 'all' || order !== 'byName'} className="ml-filter" />
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>{text.list.show}</Menu.Label>
            {filters.map((value) => <Menu.RadioItem key={value} value={value} checked={filter === value} closeMenuOnClick onChange={() => setFilter(value)}>{text.list[value]}</Menu.RadioItem>)}
            <Menu.Divider />
            <Menu.Label>{text.list.sortBy}</Menu.Label>
            {orders.map((value) => <Menu.RadioItem key={value} value={value} checked={order === value} closeMenuOnClick onChange={() => setOrder(value)}>{text.list[value]}</Menu.RadioItem>)}
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
        aria-activedescendant={current === undefined || !ids.includes(current) ? undefined : `machine-${current}`}
        tabIndex={0}
        onKeyDown={keyed}
      >
        <VirtualRows rows={rows} scroller={scroller} bringUp={bringUp} current={current} selected={selected} onPick={onPick} onToggle={toggleGroup} />
      </div>
      <HostFoot />
    </div>
  )
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select|canvas)$/i.test(target.tagName))
}
