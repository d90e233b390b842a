/** What a machine, its QEMU and its monitor wrote: followed, searched, copied. Shown as text and nothing else. */
import { SegmentedControl, Switch } from '@mantine/core'
import { useVirtualizer } from '@tanstack/react-virtual'
import { Search, X } from 'lucide-react'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { MachineSummary } from '../../../contract/machine.ts'
import { text } from '../../text/text.ts'
import { formatFull, formatStamp } from '../../text/time.ts'
import { IconButton } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Note } from '../../ui/note.tsx'
import { splitTime } from './log-time.ts'
import { useFollowedLog } from './use-followed-log.ts'
import type { LogSource } from './use-followed-log.ts'
import './log.css'

const sources: readonly LogSource[] = ['events', 'qemu', 'serial', 'qmp']
const rowPx = 17

export function LogTab({ machine }: { readonly machine: MachineSummary }): React.ReactNode {
  const [source, setSource] = useState<LogSource>('events')
  const [query, setQuery] = useState('')
  const [follow, setFollow] = useState(true)
  const { lines, skippedBytes, error, loading } = useFollowedLog(machine.id, source)
  const needle = query.toLocaleLowerCase()
  const shown = useMemo(() => (needle === '' ? lines : lines.filter((line) => line.toLocaleLowerCase().includes(needle))), [lines, needle])
  const scroller = useRef<HTMLDivElement>(null)
  const lastTop = useRef(0)
  const virtual = useVirtualizer({ count: shown.length, getScrollElement: () => scroller.current, estimateSize: () => rowPx, overscan: 20 })

  useEffect(() => {
    // All rows are equally high: the end is where it is said to be.
    if (follow && scroller.current !== null) scroller.current.scrollTop = scroller.current.scrollHeight
  }, [follow, shown])

  // What is shown is another text, and its beginning is where nobody went up to.
  useLayoutEffect(() => {
    lastTop.current = 0
  }, [source, query])

  /** Whoever goes up, by whatever means, wants to read; whoever comes back to the end wants to follow. */
  function scrolled({ currentTarget: { scrollTop, scrollHeight, clientHeight } }: React.UIEvent): void {
    const leftPx = scrollHeight - scrollTop - clientHeight
    // Lines go on coming while one scrolls down.
    if (leftPx < 1 || (scrollTop > lastTop.current && leftPx < 2 * rowPx)) setFollow(true)
    else if (scrollTop < lastTop.current) setFollow(false)
    lastTop.current = scrollTop
  }

  return (
    <div className="log">
      <div className="log-head">
        <SegmentedControl aria-label={text.log.source} value={source} onChange={(value) => setSource(value as LogSource)} data={sources.map((value) => ({ value, label: text.log.sources[value] }))} />
        <div className="mf-field log-search">
          <Search size={14} strokeWidth={1.75} aria-hidden />
          <input value={query} placeholder={text.log.search} aria-label={text.log.search} onChange={(event) => setQuery(event.target.value)} onKeyDown={(event) => (event.key === 'Escape' ? setQuery('') : undefined)} />
          {query === '' ? null : <IconButton size="small" icon={X} name={text.list.clearSearch} onClick={() => setQuery('')} />}
        </div>
        <span className="mf-sm mf-3" role="status">{query === '' ? text.log.lines(lines.length) : text.log.linesOf(shown.length, lines.length)}</span>
        <span className="mf-push mf-row">
          <Switch label={text.log.follow} checked={follow} onChange={(event) => setFollow(event.currentTarget.checked)} />
          <CopyButton size="small" text={shown.join('\n')} name={text.log.copy} copiedWord={text.copied} />
        </span>
      </div>
      {error === undefined ? null : <div className="mp-trouble"><Note kind="bad" title={text.log.cannotRead}><p>{error.message} {error.next ?? ''}</p></Note></div>}
      {skippedBytes === 0 ? null : <p className="log-skipped">{text.log.skipped(skippedBytes)}</p>}
      {!loading && shown.length === 0 && error === undefined ? <div className="log-none"><p>{query === '' ? text.log.empty[source] : text.log.noMatch(query)}</p></div> : null}
      <div ref={scroller} className="log-lines mf-scroll" tabIndex={0} role="log" aria-live="off" aria-label={text.log.sources[source]} onScroll={scrolled}>
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map((item) => <div key={item.key} className="log-line" style={{ transform: `translateY(${item.start}px)` }}><Line line={shown[item.index] ?? ''} needle={needle} plain={source === 'events'} /></div>)}
        </div>
      </div>
    </div>
  )
}

/** Its time as it is here, the whole of it for whoever points at it. */
function Line({ line, needle, plain }: { readonly line: string; readonly needle: string; readonly plain: boolean }): React.ReactNode {
  const { atMs, rest: all } = splitTime(line)
  // What happened comes with a word for programs.
  const rest = plain ? all.replace(/^[a-z-]+: /, '') : all
  return <>{atMs === undefined ? null : <time className="log-time" dateTime={new Date(atMs).toISOString()} title={formatFull(atMs)}>{formatStamp(atMs, Date.now())}</time>}<Found line={rest} needle={needle} /></>
}

function Found({ line, needle }: { readonly line: string; readonly needle: string }): React.ReactNode {
  const at = needle === '' ? -1 : line.toLocaleLowerCase().indexOf(needle)
  if (at < 0) return line
  return <>{line.slice(0, at)}<mark>{line.slice(at, at + needle.length)}</mark>{line.slice(at + needle.length)}</>
}
