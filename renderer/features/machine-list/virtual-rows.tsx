/** The rows in sight of a list that may have hundreds. Apart from the list, so that scrolling draws rows and nothing else anew. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { ChevronDown, ChevronRight } from 'lucide-react'
import { useEffect } from 'react'
import type { ListRow } from '../../state/machine-search.ts'
import { text } from '../../text/text.ts'
import { MachineRow } from './machine-row.tsx'

const machineRowPx = 44
const groupRowPx = 28

interface VirtualRowsProps {
  readonly rows: readonly ListRow[]
  readonly scroller: React.RefObject<HTMLDivElement | null>
  /** Set to what brings a row into sight. */
  readonly bringUp: React.RefObject<((index: number) => void) | undefined>
  readonly current: string | undefined
  readonly selected: ReadonlySet<string>
  readonly onPick: (event: React.MouseEvent, machine: string) => void
  /** The head of a group one stands on. */
  readonly head: string | undefined
  readonly onToggle: (group: string, fold: boolean) => void
}

export function VirtualRows({ rows, scroller, bringUp, current, selected, head, onPick, onToggle }: VirtualRowsProps): React.ReactNode {
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (rows[index]?.kind === 'group' ? groupRowPx : machineRowPx),
    getItemKey: (index) => keyOf(rows[index], index),
    overscan: 8,
  })
  useEffect(() => virtual.measure(), [rows, virtual])
  useEffect(() => {
    bringUp.current = (index) => virtual.scrollToIndex(index)
  }, [bringUp, virtual])
  return (
    <div className="ml-all" role="presentation" style={{ height: virtual.getTotalSize() }}>
      {virtual.getVirtualItems().map((item) => {
        const row = rows[item.index]
        if (row === undefined) return null
        const at = { transform: `translateY(${item.start}px)` }
        if (row.kind === 'group') {
          const Chevron = row.folded ? ChevronRight : ChevronDown
          return (
            <div key={item.key} id={`ml-group-${item.index}`} className={row.key === head ? 'ml-group ml-group-here' : 'ml-group'} style={at} role="option" aria-selected={false} onClick={() => onToggle(row.key, !row.folded)}>
              <Chevron size={12} aria-hidden />
              <b className="mf-clip">{row.name}</b>
              <span className="mf-push">{text.list.runningOf(row.running, row.all)}<span className="mf-hidden">, {row.folded ? text.list.folded : text.list.unfolded}</span></span>
            </div>
          )
        }
        const { machine, depth, first, up } = row
        return <MachineRow key={item.key} machine={machine} at={at} depth={depth} first={first} up={up} current={machine.id === current} selected={selected.size > 0 ? selected.has(machine.id) : machine.id === current} onPick={onPick} />
      })}
    </div>
  )
}

function keyOf(row: ListRow | undefined, index: number): string | number {
  if (row === undefined) return index
  return row.kind === 'group' ? `group ${row.key}` : row.machine.id
}
