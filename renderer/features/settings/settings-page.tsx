/** What somebody decides once: for this window, kept in it, and for all machines, kept by the engine. */
import { useEffect, useRef } from 'react'
import { useHost } from '../../state/host.ts'
import { go, pathOf, settingsSections } from '../../state/place.ts'
import type { SettingsSection } from '../../state/place.ts'
import { useSettings } from '../../state/settings.ts'
import { text } from '../../text/text.ts'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Note } from '../../ui/note.tsx'
import { MachineSettings, QemuSettings } from './machine-settings.tsx'
import { ResetSettings } from './reset-settings.tsx'
import { ServeSettings } from './serve-settings.tsx'
import { Trash } from './trash.tsx'
import { WindowSettings } from './window-settings.tsx'
import './settings.css'

export function SettingsPage({ section }: { readonly section: SettingsSection | undefined }): React.ReactNode {
  const { settings, error } = useSettings()
  const parts = useRef<HTMLDivElement>(null)
  const isThere = settings !== undefined || error !== undefined
  useEffect(() => {
    if (section !== undefined && isThere) show(parts.current, section)
  }, [section, isThere])
  return (
    <div className="mf-page">
      <div className="mf-page-head"><div className="mf-grow"><h1>{text.nav.settings}</h1><p>{text.deciding.lead}</p></div></div>
      <div className="settings">
        <nav className="settings-nav" aria-label={text.deciding.sections}>
          {settingsSections.map((name) => (
            <a
              key={name}
              href={pathOf({ view: 'settings', section: name })}
              aria-current={name === (section ?? settingsSections[0]) ? 'true' : undefined}
              onClick={(event) => {
                event.preventDefault()
                go({ view: 'settings', section: name }, 'replace')
                show(parts.current, name)
              }}
            >
              {text.deciding.section[name]}
            </a>
          ))}
        </nav>
        <div ref={parts} className="settings-parts mf-scroll">
          <WindowSettings settings={settings} />
          {error === undefined ? null : <Note kind="bad" live title={text.deciding.unreadable}>{error.message} {error.next}</Note>}
          {settings === undefined ? (error === undefined ? <div aria-busy>{[0, 1, 2, 3].map((row) => <div key={row} className="mf-still settings-still" />)}</div> : null) : (
            <>
              <MachineSettings settings={settings} />
              <QemuSettings settings={settings} />
              <ServeSettings settings={settings} />
            </>
          )}
          <Folders />
          <Trash />
          {settings === undefined ? null : <ResetSettings settings={settings} />}
        </div>
      </div>
    </div>
  )
}

/** Scrolls this list and nothing around it. */
function show(parts: HTMLElement | null, section: SettingsSection): void {
  const part = parts?.querySelector<HTMLElement>(`#settings-${section}`)
  if (part === null || part === undefined) return
  parts?.scrollTo({ top: part.offsetTop - parts.offsetTop - 16 })
}

function Folders(): React.ReactNode {
  const { host } = useHost()
  if (host === undefined) return null
  return (
    <section id="settings-folders">
      <h2 className="mf-h">{text.settings.folders}<small>{text.settings.foldersMore}</small></h2>
      <ul className="mf-list">
        {(['data', 'config', 'cache', 'runtime'] as const).map((name) => (
          <li key={name}><span className="setting-name">{text.settings.folder[name]}</span><code className="mf-clip">{host.folders[name]}</code><span className="mf-push"><CopyButton size="small" text={host.folders[name]} name={text.copyOf(host.folders[name])} copiedWord={text.copied} /></span></li>
        ))}
      </ul>
    </section>
  )
}
