/** The palette: every action on every machine, and every place, by a few letters in any order. */
import { createSpotlight, Spotlight } from '@mantine/spotlight'
import '@mantine/spotlight/styles.layer.css'
import { Search } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import { useMirror } from '../../state/mirror.ts'
import { closeOverlay } from '../../state/overlay.ts'
import { text } from '../../text/text.ts'
import { paletteEntries } from './entries.tsx'
import { findEntries } from './find-entries.ts'
import type { PaletteEntry } from './find-entries.ts'
import './palette.css'

const shownAtMost = 40

export function Palette(): React.ReactNode {
  const machines = useMirror(({ machines }) => machines)
  const [query, setQuery] = useState('')
  const [store, actions] = useMemo(createSpotlight, [])
  const entries = useMemo(() => paletteEntries(machines), [machines])
  const found = useMemo(() => findEntries(entries, query, shownAtMost), [entries, query])
  useEffect(() => actions.open(), [actions])

  const groups = Map.groupBy(found, ({ group }) => group)
  return (
    <Spotlight.Root store={store} query={query} onQueryChange={setQuery} onSpotlightClose={closeOverlay} shortcut={null} centered={false} yOffset={72} size={640} lockScroll={false} radius="lg" clearQueryOnClose={false} attributes={{ content: { 'aria-label': text.nav.find } }} overlayProps={{ backgroundOpacity: 1, color: 'var(--mf-scrim)' }} transitionProps={{ duration: 90 }}>
      <Spotlight.Search placeholder={text.nav.find} aria-label={text.nav.find} leftSection={<Search size={16} strokeWidth={1.75} aria-hidden />} />
      <Spotlight.ActionsList>
        {found.length === 0 ? <Spotlight.Empty>{text.palette.nothing(query)}</Spotlight.Empty> : null}
        {[...groups].map(([group, inside]) => (
          <Spotlight.ActionsGroup key={group} label={text.palette.groups[group]}>
            {inside.map((entry) => <Entry key={entry.key} entry={entry} query={query} />)}
          </Spotlight.ActionsGroup>
        ))}
      </Spotlight.ActionsList>
      <Spotlight.Footer className="pal-foot"><kbd className="mf-kbd">↑</kbd><kbd className="mf-kbd">↓</kbd> {text.palette.choose} <kbd className="mf-kbd">Enter</kbd> {text.palette.doIt} <kbd className="mf-kbd">Esc</kbd> {text.palette.close}</Spotlight.Footer>
    </Spotlight.Root>
  )
}

function Entry({ entry, query }: { readonly entry: PaletteEntry; readonly query: string }): React.ReactNode {
  return (
    <Spotlight.Action className={entry.danger === true ? 'pal-entry pal-danger' : 'pal-entry'} onClick={entry.run}>
      <span className="pal-icon">{entry.icon}</span>
      <span className="mf-clip"><Marked text={entry.label} query={query} /></span>
      <span className="pal-fact mf-clip">{entry.fact}</span>
      {entry.keys === undefined ? null : <kbd className="mf-kbd">{entry.keys}</kbd>}
    </Spotlight.Action>
  )
}

/** The letters that were asked for, underlined. */
function Marked({ text: label, query }: { readonly text: string; readonly query: string }): React.ReactNode {
  const words = query.split(/\s+/).filter((word) => word !== '').map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
  if (words.length === 0) return label
  return label.split(new RegExp(`(${words.join('|')})`, 'iu')).map((part, index) => (index % 2 === 1 ? <mark key={index}>{part}</mark> : part))
}
