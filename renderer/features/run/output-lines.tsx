/** Lines as they were written; only those in sight are in the page. Follows the end while it grows and one looks at it. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef } from 'react'

interface OutputLinesProps {
  readonly label: string
  readonly lines: readonly string[]
  readonly differing: readonly boolean[] | undefined
  /** Said beneath, or instead. */
  readonly said: string | undefined
  readonly follow: boolean
}

const linePx = 17

export function OutputLines({ label, lines, differing, said, follow }: OutputLinesProps): React.ReactNode {
  const scroller = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  const virtual = useVirtualizer({ count: lines.length, getScrollElement: () => scroller.current, estimateSize: () => linePx, overscan: 30 })
  useEffect(() => {
    if (follow && atEnd.current && scroller.current !== null) scroller.current.scrollTop = scroller.current.scrollHeight
  }, [lines, follow])
  return (
    <div
      ref={scroller}
      className="rn-output"
      role="region"
      aria-label={label}
      tabIndex={0}
      onScroll={({ currentTarget }) => {
        atEnd.current = currentTarget.scrollTop + currentTarget.clientHeight >= currentTarget.scrollHeight - linePx
      }}
    >
      <div className="rn-lines" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => <div key={index} className="rn-line" style={{ transform: `translateY(${start}px)` }}>{differing?.[index] === true && lines[index] !== '' ? <mark>{lines[index]}</mark> : lines[index]}</div>)}
      </div>
      {said === undefined ? null : <p className="rn-said">{said}</p>}
    </div>
  )
}
