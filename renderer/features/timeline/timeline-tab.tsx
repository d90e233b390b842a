/** A machine's checkpoints: as a tree or a list, searched, walked with keys, one of them told in full at the side. */
import { SegmentedControl } from '@mantine/core'
import { BookmarkPlus, GitBranch, List, Search, X } from 'lucide-react'
import { useDeferredValue, useMemo, useState } from 'react'
import type { Checkpoint } from '../../../contract/checkpoint.ts'
import type { MachineSummary } from '../../../contract/machine.ts'
import { useCheckpointJobs } from '../../state/checkpoint-jobs.ts'
import { forkNow } from '../../state/forking.tsx'
import { perform, whyNot } from '../../state/machine-actions.ts'
import { recall, remember } from '../../state/memory.ts'
import { useMirror } from '../../state/mirror.ts'
import { openOverlay } from '../../state/overlay.ts'
import type { CheckpointDialog } from '../../state/overlay.ts'
import { useTimeline } from '../../state/timeline.ts'
import { text } from '../../text/text.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'
import { ProgressRows } from '../../ui/progress-rows.tsx'
import { formatBytes } from '../../ui/size-text.ts'
import { CheckpointPanel } from './checkpoint-panel.tsx'
import { PresentPanel } from './present-panel.tsx'
import { TimelineList } from './timeline-list.tsx'
import { TimelineTree } from './timeline-tree.tsx'
import { layOutTree } from './tree-layout.ts'
import { whyNotDelete, whyNotUse } from './why-not.ts'
import './timeline.css'

const modes = ['tree', 'list'] as const
type Mode = (typeof modes)[number]
const icons = { tree: GitBranch, list: List } as const

function isMode(value: unknown): value is Mode {
  return modes.includes(value as Mode)
}

export function TimelineTab({ machine }: { readonly machine: MachineSummary }): React.ReactNode {
  const { timeline, error } = useTimeline(machine.id)
  const machines = useMirror(({ machines }) => machines)
  const forks = useMemo(() => machines.filter(({ origin }) => origin?.machine === machine.id), [machines, machine.id])
  const jobs = useCheckpointJobs(machine.id)
  const [mode, setMode] = useState<Mode>(() => recall('timeline-mode', isMode, 'tree'))
  const [chosen, choose] = useState<string | null>(null)
  const [search, setSearch] = useState('')
  const [keepPresent, setKeepPresent] = useState(true)
  const query = useDeferredValue(search)
  const found = useMemo(() => (query.trim() === '' || timeline === undefined ? undefined : new Set<string>(timeline.checkpoints.filter((checkpoint) => matches(checkpoint, query)).map(({ id }) => id))), [timeline, query])
  const branches = useMemo(() => layOutTree(timeline?.checkpoints ?? [], timeline?.present.parent ?? null).branches, [timeline])

  if (timeline === undefined) {
    if (error !== undefined) return <div className="tl-none"><Note kind="bad" live title={text.timeline.cannotRead}>{error.message} {error.next}</Note></div>
    return <div className="tl-none" aria-busy>{[0, 1, 2, 3].map((row) => <div key={row} className="mf-still tl-still" />)}</div>
  }

  // What was chosen may be gone.
  const checkpoint = timeline.checkpoints.find(({ id }) => id === chosen)
  const selected = checkpoint?.id ?? null
  const view = { machine, timeline, selected, found, onSelect: choose, onKey: keyed }
  const own = timeline.checkpoints.reduce((sum, { sizes }) => sum + sizes.ownDiskBytes + sizes.ownRamBytes, 0)
  const [firstFound] = found ?? []

  function keyed(event: React.KeyboardEvent): void {
    if (checkpoint === undefined || event.ctrlKey || event.altKey || event.metaKey) return
    const dialog = (what: CheckpointDialog): void => openOverlay({ kind: 'checkpoint', what, machine: machine.id, checkpoint: checkpoint.id, keepPresent })
    const usable = whyNotUse(machine, checkpoint) === undefined
    const key = event.key.toLowerCase()
    if (key === 'enter' && usable) dialog('restore')
    else if (key === 'b' && usable) dialog('branch')
    else if (key === 'f' && usable) void forkNow(machine, { checkpoint: checkpoint.id })
    else if (key === 'f2') dialog('rename')
    // What needs it is named in the dialog.
    else if (key === 'delete' && (whyNotDelete(machine, checkpoint) === undefined || checkpoint.neededBy.length > 0)) dialog('delete')
    else return
    event.preventDefault()
  }

  return (
    <>
      <div className="tool">
        <div className="mf-field tl-search">
          <Search size={16} strokeWidth={1.75} aria-hidden className="mf-icon" />
          <input
            value={search}
            placeholder={text.timeline.search}
            aria-label={text.timeline.search}
            onChange={(event) => setSearch(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'Escape') setSearch('')
              if (event.key !== 'Enter' && event.key !== 'ArrowDown') return
              event.preventDefault()
              if (firstFound !== undefined) choose(firstFound)
              document.querySelector<HTMLElement>('[data-timeline]')?.focus()
            }}
          />
          {search === '' ? null : <IconButton size="small" icon={X} name={text.timeline.clearSearch} onClick={() => setSearch('')} />}
        </div>
        <SegmentedControl aria-label={text.timeline.how} value={mode} onChange={(value) => {
          if (!isMode(value)) return
          setMode(value)
          remember('timeline-mode', value)
        }} data={modes.map((value) => {
          const Icon = icons[value]
          return { value, label: <span className="mf-row"><Icon size={14} strokeWidth={1.75} aria-hidden />{text.timeline.modes[value]}</span> }
        })} />
        <span className="mf-sm mf-3 mf-clip tl-facts" role="status">{found === undefined ? timeline.checkpoints.length === 0 ? '' : text.timeline.facts(timeline.checkpoints.length, branches, formatBytes(own)) : text.timeline.found(found.size)}</span>
        <Button className="mf-push" size="small" icon={BookmarkPlus} cannot={whyNot('checkpoint', machine)} onClick={() => perform('checkpoint', machine)}>{text.timeline.take}</Button>
      </div>
      {jobs.length === 0 ? null : <div className="tl-jobs"><ProgressRows rows={jobs} stopWord={text.timeline.stop} dismissWord={text.error.dismiss} /></div>}
      {error === undefined ? null : <div className="tl-jobs"><Note kind="bad" live title={text.timeline.cannotRead}>{error.message} {error.next}</Note></div>}
      {timeline.checkpoints.length === 0 && forks.length === 0 ? (
        <div className="tl-none">
          <div className="mf-empty">
            <h2>{text.timeline.none}</h2>
            <p>{text.timeline.noneMore}</p>
            <Button icon={BookmarkPlus} cannot={whyNot('checkpoint', machine)} onClick={() => perform('checkpoint', machine)}>{text.timeline.take}</Button>
          </div>
        </div>
      ) : (
        <div className="tl">
          <div className="tl-view">
            {found?.size === 0 ? <div className="tl-no-match"><p>{text.timeline.noMatch(query)}</p><Button size="small" onClick={() => setSearch('')}>{text.timeline.clearSearch}</Button></div> : null}
            {mode === 'tree' ? <TimelineTree {...view} forks={forks} /> : <TimelineList {...view} />}
          </div>
          <aside className="tl-side mf-scroll" aria-label={text.timeline.side}>
            {checkpoint === undefined ? <PresentPanel machine={machine} timeline={timeline} onSelect={choose} /> : <CheckpointPanel machine={machine} timeline={timeline} checkpoint={checkpoint} forks={forks} keepPresent={keepPresent} onKeepPresent={setKeepPresent} onSelect={choose} />}
          </aside>
        </div>
      )}
    </>
  )
}

/** Whether every word stands somewhere in it. */
function matches({ label, description, kind, id }: Checkpoint, query: string): boolean {
  const all = `${label}\n${description}\n${text.timeline.kinds[kind]}\n${id}`.toLocaleLowerCase()
  return query.toLocaleLowerCase().split(/\s+/).every((word) => all.includes(word))
}
