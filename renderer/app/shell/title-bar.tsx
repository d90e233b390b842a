/** The title bar: places, palette, jobs, settings. */
import { Menu } from '@mantine/core'
import { CircleHelp, Search, Settings } from 'lucide-react'
import { JobsButton } from '../../features/jobs/jobs-button.tsx'
import { openOverlay } from '../../state/overlay.ts'
import { go, pathOf } from '../../state/place.ts'
import type { Place } from '../../state/place.ts'
import { text } from '../../text/text.ts'
import { AppMark } from '../../ui/app-mark.tsx'
import { IconButton } from '../../ui/button.tsx'

const places = [
  { place: { view: 'machines' }, word: text.nav.machines },
  { place: { view: 'templates' }, word: text.nav.templates },
  { place: { view: 'runs' }, word: text.nav.runs },
  { place: { view: 'images' }, word: text.nav.images },
] as const satisfies readonly { place: Place; word: string }[]

/** Follows a link without loading the page anew; a click that asks for a tab of its own is left alone. */
function follow(event: React.MouseEvent, place: Place): void {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return
  event.preventDefault()
  go(place)
}

export function TitleBar({ place }: { readonly place: Place }): React.ReactNode {
  return (
    <header className="top">
      <a className="top-brand" aria-label="Mayfly" href={pathOf({ view: 'machines' })} onClick={(event) => follow(event, { view: 'machines' })}><AppMark /><span className="mf-wide-only">Mayfly</span></a>
      <nav className="top-nav" aria-label={text.nav.main}>
        {places.map(({ place: to, word }) => (
          <a key={to.view} href={pathOf(to)} aria-current={(place.view === 'grid' ? 'machines' : place.view) === to.view ? 'page' : undefined} onClick={(event) => follow(event, to)}>{word}</a>
        ))}
      </nav>
      <button type="button" className="top-command" aria-keyshortcuts="Control+K" onClick={() => openOverlay({ kind: 'palette' })}>
        <Search size={16} strokeWidth={1.75} aria-hidden />
        <span className="top-find mf-clip">{text.nav.find}</span>
        <kbd className="mf-kbd" aria-hidden>Ctrl K</kbd>
      </button>
      <div className="top-right">
        <JobsButton />
        <Menu>
          <Menu.Target><IconButton icon={CircleHelp} name={text.nav.help} /></Menu.Target>
          <Menu.Dropdown>
            <Menu.Item rightSection={<kbd className="mf-kbd">?</kbd>} onClick={() => openOverlay({ kind: 'shortcuts' })}>{text.shortcuts.title}</Menu.Item>
            <Menu.Item onClick={() => go({ view: 'doctor' })}>{text.nav.doctor}</Menu.Item>
            <Menu.Item onClick={() => go({ view: 'about' })}>{text.nav.about}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
        <IconButton icon={Settings} name={text.nav.settings} onClick={() => go({ view: 'settings' })} />
      </div>
    </header>
  )
}
