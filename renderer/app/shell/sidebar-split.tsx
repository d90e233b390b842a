/** The line between the machines and the view beside them: drags, takes the arrows, and goes back to where it was drawn on a double click. */
import { useRef } from 'react'
import { resizeSidebar, sidebarWidths, useLayout } from '../../state/layout.ts'
import { text } from '../../text/text.ts'

const stepPx = 16

export function SidebarSplit(): React.ReactNode {
  const chosenPx = useLayout(({ sidebarPx }) => sidebarPx)
  const line = useRef<HTMLDivElement>(null)
  const shownPx = (): number => Math.round(line.current?.parentElement?.getBoundingClientRect().width ?? 0)
  return (
    <div
      ref={line}
      className="split-line"
      role="separator"
      aria-orientation="vertical"
      aria-label={text.list.divider}
      aria-valuemin={sidebarWidths.least}
      aria-valuemax={sidebarWidths.most}
      aria-valuenow={chosenPx ?? sidebarWidths.usual}
      tabIndex={0}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        const left = event.currentTarget.parentElement?.getBoundingClientRect().left
        if (left !== undefined && event.currentTarget.hasPointerCapture(event.pointerId)) resizeSidebar(event.clientX - left)
      }}
      onDoubleClick={() => resizeSidebar(undefined)}
      onKeyDown={(event) => {
        if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') resizeSidebar(shownPx() + (event.key === 'ArrowLeft' ? -stepPx : stepPx))
        else if (event.key === 'Home') resizeSidebar(sidebarWidths.least)
        else if (event.key === 'End') resizeSidebar(sidebarWidths.most)
        else if (event.key === 'Enter') resizeSidebar(undefined)
        else return
        event.preventDefault()
      }}
    />
  )
}
