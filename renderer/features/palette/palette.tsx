/** The palette: every action on every machine, and every place, by a few letters in any order. */
import { createSpotlight, Spotlight } from '@mantine/spotlight'
import '@mantine/spotlight/styles.layer.css'
import { Search } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import { useMirror } from '../../state/mirror.ts'
import { closeOverlay } from '../../state/overlay.ts'
import { text } from '../../text/text.ts'
import { useCheckpointEntries } from './checkpoint-entries.tsx'
import { useDeviceEntries } from './device-entries.tsx'
import { paletteEntries } from './entries.tsx'
import { findEntries } from './find-entries.ts'
import type { PaletteEntry } from './find-entries.ts'
import { OptionForm } from './option-form.tsx'
import './palette.css'

const shownAtMost = 40

export function Palette(): React.ReactNode {
  const machines = useMirror(({ machines }) => machines)
  const [query, setQuery] = useState('')
  const [store, actions] = useMemo(createSpotlight, [])
  const ofCheckpoints = useCheckpointEntries(machines)
  const ofDevices = useDeviceEntries(machines)
  const entries = useMemo(() => [...paletteEntries(machines), ...ofCheckpoints, ...ofDevices], [machines, ofCheckpoints, ofDevices])
  const found = useMemo(() => findEntries(entries, query, shownAtMost), [entries, query])
  useEffect(() => actions.open(), [actions])

  const groups = Map.groupBy(found, ({ group }) => group)
  const [filling, setFilling] = useState<PaletteEntry>()
  /** What became of the last copying. */
  const [copied, setCopied] = useState<string>()
  /** The entry one stands on; the library marks it in the page and nowhere else. */
  const standingOn = (): PaletteEntry | undefined => {
    const key = marked()
    // Before it has marked one, the first is what Enter takes.
    return key === undefined ? found[0] : found.find((entry) => entry.key === key)
  }
  const keyed = (event: React.KeyboardEvent<HTMLInputElement>): void => {
    const entry = standingOn()
    if (event.key === 'Tab' && !event.shiftKey && entry?.options !== undefined) {
      event.preventDefault()
      setFilling(entry)
    } else if (event.key === 'Enter' && !event.nativeEvent.isComposing && entry !== undefined && marked() === undefined) {
      // The library does what it has marked: nothing, where the list was drawn anew meanwhile.
      event.preventDefault()
      entry.run()
      actions.close()
    } else if (event.key.toLowerCase() === 'c' && event.ctrlKey && !event.shiftKey && entry?.command !== undefined) {
      const { selectionStart, selectionEnd } = event.currentTarget
      // Letters that are marked are what is copied, as everywhere.
      if (selectionStart !== selectionEnd) return
      event.preventDefault()
      const { command } = entry
      navigator.clipboard.writeText(command).then(() => setCopied(text.palette.lineCopied(command)), () => setCopied(text.palette.notCopied))
    }
  }
  return (
    <Spotlight.Root store={store} query={query} onQueryChange={setQuery} onSpotlightClose={closeOverlay} shortcut={null} centered={false} yOffset={72} size={640} lockScroll={false} radius="lg" clearQueryOnClose={false} attributes={{ content: { 'aria-label': text.nav.find } }} overlayProps={{ backgroundOpacity: 1, color: 'var(--mf-scrim)' }} transitionProps={{ duration: 90 }}>
      {filling?.options === undefined ? (
        <>
          <Spotlight.Search placeholder={text.nav.find} aria-label={text.nav.find} leftSection={<Search size={16} strokeWidth={1.75} aria-hidden />} onKeyDown={keyed} />
          <Spotlight.ActionsList>
            {found.length === 0 ? <Spotlight.Empty>{text.palette.nothing(query)}</Spotlight.Empty> : null}
            {[...groups].map(([group, inside]) => (
              <Spotlight.ActionsGroup key={group} label={text.palette.groups[group]}>
                {inside.map((entry) => <Entry key={entry.key} entry={entry} query={query} />)}
              </Spotlight.ActionsGroup>
            ))}
          </Spotlight.ActionsList>
        </>
      ) : <OptionForm key={filling.key} entry={filling} options={filling.options} onBack={() => setFilling(undefined)} onDone={() => actions.close()} />}
      <Spotlight.Footer className="pal-foot">
        {filling !== undefined ? <><kbd className="mf-kbd">Enter</kbd> {text.palette.doIt} <kbd className="mf-kbd">Esc</kbd> {text.palette.options.escBack}</> : (
          <>
            <kbd className="mf-kbd">↑</kbd><kbd className="mf-kbd">↓</kbd> {text.palette.choose} <kbd className="mf-kbd">Enter</kbd> {text.palette.doIt} <kbd className="mf-kbd">Tab</kbd> {text.palette.withOptions} <kbd className="mf-kbd">Esc</kbd> {text.palette.close}
            <span className="mf-push pal-copy" role="status">{copied === undefined ? <><kbd className="mf-kbd">Ctrl C</kbd> {text.palette.copyLine}</> : copied}</span>
          </>
        )}
      </Spotlight.Footer>
    </Spotlight.Root>
  )
}

function marked(): string | undefined {
  return document.querySelector<HTMLElement>('.pal-entry[data-selected]')?.dataset['entry']
}

function Entry({ entry, query }: { readonly entry: PaletteEntry; readonly query: string }): React.ReactNode {
  return (
    <Spotlight.Action className={entry.danger === true ? 'pal-entry pal-danger' : 'pal-entry'} data-entry={entry.key} onClick={entry.run}>
      <span className="pal-icon">{entry.icon}</span>
      <span className="mf-clip"><Marked text={entry.label} query={query} /></span>
      <span className="pal-fact mf-clip">{entry.fact}</span>
      {entry.options === undefined ? null : <kbd className="mf-kbd pal-tab">Tab</kbd>}
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
