/**
 * A view with the machines beside it. Where the window is narrow, views that need its width fold
 * the list to a rail of thumbnails (`narrow="rail"`); Ctrl+B hides either.
 */
import { MachineList } from '../../features/machine-list/machine-list.tsx'
import { MachineRail } from '../../features/machine-list/machine-rail.tsx'
import { useLayout } from '../../state/layout.ts'
import { useMedia } from '../../state/use-media.ts'
import { text } from '../../text/text.ts'
import { ForkDrop } from './fork-drop.tsx'

interface WithSidebarProps {
  /** What the list becomes in a narrow window: a smaller list, or the rail. */
  readonly narrow?: 'list' | 'rail'
  readonly children: React.ReactNode
}

export function WithSidebar({ narrow = 'list', children }: WithSidebarProps): React.ReactNode {
  const sidebar = useLayout(({ sidebar }) => sidebar)
  const rail = useMedia('(max-width: 1240px)') && narrow === 'rail'
  return (
    <div className={`split ${rail ? 'split-rail' : ''} ${sidebar ? '' : 'split-hidden'}`}>
      {sidebar ? <aside className="split-side" aria-label={text.list.label}><ForkDrop>{rail ? <MachineRail /> : <MachineList />}</ForkDrop></aside> : null}
      <main className="app-main">{children}</main>
    </div>
  )
}
