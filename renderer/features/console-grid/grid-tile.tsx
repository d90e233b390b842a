/** One console in the grid: a picture, about one a second while it is in sight; the live console while it has the focus. */
import { Checkbox } from '@mantine/core'
import { Ellipsis, Power } from 'lucide-react'
import { memo, useEffect, useRef, useState } from 'react'
import { openMachineMenu } from '../../state/machine-menu.ts'
import { isOn } from '../../state/machine-looks.ts'
import { useLivePicture } from '../../state/live-pictures.ts'
import { useNow } from '../../state/now.ts'
import { useThumbnail } from '../../state/thumbnails.ts'
import { text } from '../../text/text.ts'
import { formatDuration } from '../../text/time.ts'
import { IconButton } from '../../ui/button.tsx'
import { MiddleClip } from '../../ui/middle-clip.tsx'
import { StateShape } from '../../ui/state-shape.tsx'
import { kindOf, lineOf, shapeOfEntry, wordOfEntry } from './tile-words.ts'
import type { GridEntry } from './tile-words.ts'

interface GridTileProps {
  readonly entry: GridEntry
  readonly focused: boolean
  readonly ticked: boolean
  /** The live console, while it has the focus. */
  readonly live: React.ReactNode
  readonly onFocus: () => void
  readonly onTick: () => void
  readonly onOpen: () => void
}

export const GridTile = memo(GridTileNow, (a, b) => !a.focused && !b.focused && a.entry.machine === b.entry.machine && a.entry.cell === b.entry.cell && a.ticked === b.ticked)

function GridTileNow({ entry, focused, ticked, live, onFocus, onTick, onOpen }: GridTileProps): React.ReactNode {
  const { machine, cell } = entry
  const place = useRef<HTMLLIElement>(null)
  const [inSight, setInSight] = useState(false)
  const on = isOn(machine.state)
  const isDrawn = machine.state === 'running' || machine.state === 'paused'
  const current = useLivePicture(machine.id, inSight && live === undefined && isDrawn)
  // The last picture of what ended before it was looked at here is a small one.
  const last = useThumbnail(machine.id, false)
  const picture = current ?? last
  useEffect(() => {
    if (place.current === null) return
    const seen = new IntersectionObserver((entries) => setInSight(entries.some(({ isIntersecting }) => isIntersecting)))
    seen.observe(place.current)
    return () => seen.disconnect()
  }, [])
  const kind = kindOf(entry)
  const word = wordOfEntry(entry)
  return (
    <li
      ref={place}
      id={`tile-${machine.id}`}
      className={`cg-tile cg-${kind}${focused ? ' cg-focused' : ''}`}
      aria-label={text.grid.tile(machine.name, word)}
      aria-current={focused ? true : undefined}
      onContextMenu={(event) => {
        if (live !== undefined) return
        event.preventDefault()
        openMachineMenu({ machine: machine.id, x: event.clientX, y: event.clientY })
      }}
    >
      <div className="cg-tile-head">
        <Checkbox size="xs" aria-label={text.grid.tick(machine.name)} checked={ticked} onChange={onTick} />
        <StateShape shape={shapeOfEntry(entry)} />
        <b><MiddleClip text={machine.name} /></b>
        <span className="cg-state">{word}</span>
        {live === undefined ? null : <span className="mf-tag cg-live">{text.grid.live}</span>}
        <span className="mf-3 mf-sm mf-push cg-since">{cell?.durationMs != null ? formatDuration(cell.durationMs / 1000) : machine.startedAt === null ? '' : <Since at={machine.startedAt} />}</span>
        <IconButton size="small" icon={Ellipsis} name={text.grid.moreOf(machine.name)} onClick={(event) => openMachineMenu({ machine: machine.id, x: event.clientX, y: event.clientY })} />
      </div>
      {live === undefined ? (
        <button type="button" className="cg-picture" tabIndex={-1} aria-label={text.grid.open(machine.name)} onClick={onFocus} onDoubleClick={onOpen}>
          {picture === undefined || (!on && kind !== 'failed') ? <span className={on || kind === 'failed' ? 'cg-off cg-dark' : 'cg-off'}><Power size={18} strokeWidth={1.5} aria-hidden /></span> : <img className={machine.state === 'running' ? '' : 'mf-thumb-dim'} src={picture} alt={text.grid.screenOf(machine.name)} draggable={false} />}
        </button>
      ) : <div className="cg-console">{live}</div>}
      <div className="cg-line mf-clip">{lineOf(entry)}</div>
    </li>
  )
}

function Since({ at }: { readonly at: string }): React.ReactNode {
  const now = useNow()
  return formatDuration((now - Date.parse(at)) / 1000)
}
