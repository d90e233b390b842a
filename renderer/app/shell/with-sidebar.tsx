/**
 * A view with the machines beside it. Where the window is narrow, views that need its width fold
 * the list to a rail of thumbnails (`narrow="rail"`); Ctrl+B hides either;
 * the line between list and view drags.
 */
import { MachineList } from '../../features/machine-list/machine-list.tsx'
import { MachineRail } from '../../features/machine-list/machine-rail.tsx'
import { sidebarWidths, useLayout } from '../../state/layout.ts'
import { useMedia } from '../../state/use-media.ts'
import { text } from '../../text/text.ts'
import { ForkDrop } from './fork-drop.tsx'
import { SidebarSplit } from './sidebar-split.tsx'

interface WithSidebarProps {
  /** What the list becomes in a narrow window: a smaller list, or the rail. */
  readonly narrow?: 'list' | 'rail'
  readonly children: React.ReactNode
}

export function WithSidebar({ narrow = 'list', children }: WithSidebarProps): React.ReactNode {
  const { sidebar, sidebarPx } = useLayout()
  const rail = useMedia('(max-width: 1240px)') && narrow === 'rail'
  // A width that was dragged in a wide window leaves the work its room in a narrow one.
  const columns = sidebar && !rail && sidebarPx !== undefined ? { gridTemplateColumns: `clamp(${sidebarWidths.least}px, ${sidebarPx}px, 45vw) minmax(0, 1fr)` } : undefined
  return (
    <div className={`split ${rail ? 'split-rail' : ''} ${sidebar ? '' : 'split-hidden'}`} style={columns}>
      {sidebar ? <aside className="split-side" aria-label={text.list.label}><ForkDrop>{rail ? <MachineRail /> : <MachineList />}</ForkDrop>{rail ? null : <SidebarSplit />}</aside> : null}
      <main className="app-main">{children}</main>
    </div>
  )
}
