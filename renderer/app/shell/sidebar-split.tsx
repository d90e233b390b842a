/** The line between the machines and the view beside them. */
import { resizeSidebar, sidebarWidths, useLayout } from '../../state/layout.ts'
import { text } from '../../text/text.ts'
import { SplitLine } from '../../ui/split-line.tsx'

const range = { ...sidebarWidths, step: 16 }

export function SidebarSplit(): React.ReactNode {
  const chosenPx = useLayout(({ sidebarPx }) => sidebarPx)
  return (
    <SplitLine
      className="split-line"
      label={text.list.divider}
      orientation="vertical"
      range={range}
      shown={chosenPx ?? sidebarWidths.usual}
      within={(line) => line.parentElement}
      now={({ width }) => width}
      sizeAt={(px) => px}
      onResize={resizeSidebar}
    />
  )
}
