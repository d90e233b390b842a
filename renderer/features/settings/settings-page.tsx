/** What somebody decides once: for this window, kept in it, and for all machines, kept by the engine. */
import { SegmentedControl, useMantineColorScheme } from '@mantine/core'
import { useState } from 'react'
import type { MayflyError } from '../../../contract/errors.ts'
import type { Settings } from '../../../contract/settings.ts'
import { fetchHost, useHost } from '../../state/host.ts'
import { changeSettings, resetSettings, useSettings } from '../../state/settings.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Trash } from './trash.tsx'
import { formatExactMiB } from '../../ui/exact-size.ts'
import { Note } from '../../ui/note.tsx'
import { formatMiB, parseSizeMiB } from '../../ui/size-text.ts'
import { SettingField } from './setting-field.tsx'
import './settings.css'

const schemes = ['auto', 'light', 'dark'] as const
const profiles = ['paravirtual', 'compatible', 'micro'] as const

export function SettingsPage(): React.ReactNode {
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true })
  const { settings, error } = useSettings()
  return (
    <div className="mf-page">
      <div className="mf-page-head"><div className="mf-grow"><h1>{text.nav.settings}</h1><p>{text.deciding.lead}</p></div></div>
      <div className="mf-page-body mf-scroll">
        <div className="settings">
          <section>
            <h2 className="mf-h">{text.deciding.window}<small>{text.deciding.windowMore}</small></h2>
            <div className="setting">
              <span className="setting-name" id="setting-theme">{text.settings.theme}</span>
              <SegmentedControl aria-labelledby="setting-theme" value={colorScheme} onChange={(value) => setColorScheme(schemes.find((scheme) => scheme === value) ?? 'auto')} data={schemes.map((value) => ({ value, label: text.settings.themes[value] }))} />
            </div>
          </section>
          {error === undefined ? null : <Note kind="bad" live title={text.deciding.unreadable}>{error.message} {error.next}</Note>}
          {settings === undefined ? (error === undefined ? <div aria-busy>{[0, 1, 2, 3].map((row) => <div key={row} className="mf-still settings-still" />)}</div> : null) : <EngineSettings settings={settings} />}
          <Folders />
          <Trash />
          {settings === undefined ? null : <Reset settings={settings} />}
        </div>
      </div>
    </div>
  )
}

function EngineSettings({ settings }: { readonly settings: Settings }): React.ReactNode {
  const { host } = useHost()
  const [failed, setFailed] = useState<MayflyError>()
  const choose = async (to: Partial<Settings>): Promise<void> => setFailed(await changeSettings(to))
  const cpusMost = host?.limits.maxCpus ?? 288
  const memoryMost = host?.limits.maxMemoryMiB ?? 16 * 1024 * 1024
  return (
    <>
      {failed === undefined ? null : <Note kind="bad" live title={text.deciding.notSaved} actions={<Button size="small" onClick={() => setFailed(undefined)}>{text.error.dismiss}</Button>}>{failed.message} {failed.next}</Note>}
      <section>
        <h2 className="mf-h">{text.deciding.newMachines}<small>{text.deciding.newMachinesMore}</small></h2>
        <div className="setting">
          <span className="setting-name" id="setting-profile">{text.deciding.profile}</span>
          <span>
            <SegmentedControl aria-labelledby="setting-profile" value={settings.defaultProfile ?? ''} onChange={(value) => void choose({ defaultProfile: profiles.find((profile) => profile === value) ?? null })} data={[{ value: '', label: text.deciding.mayflyDecides }, ...profiles.map((value) => ({ value, label: text.deciding.profiles[value] }))]} />
            <span className="setting-means mf-sm mf-3">{settings.defaultProfile === null ? text.deciding.mayflyDecidesMeans : text.deciding.profileMeans[settings.defaultProfile]}</span>
          </span>
        </div>
        <SettingField label={text.slider.cpus} value={settings.defaultCpus === null ? '' : String(settings.defaultCpus)} placeholder={text.deciding.mayflyDecides} short wrong={(typed) => (typed === '' || (/^[1-9]\d*$/.test(typed) && Number(typed) <= cpusMost) ? undefined : text.deciding.cpusBad(cpusMost))} save={(typed) => changeSettings({ defaultCpus: typed === '' ? null : Number(typed) })} />
        <SettingField label={text.slider.memory} value={settings.defaultMemoryMiB === null ? '' : formatExactMiB(settings.defaultMemoryMiB)} placeholder={text.deciding.mayflyDecides} short wrong={(typed) => (typed === '' ? undefined : memoryWrong(typed, memoryMost))} save={(typed) => changeSettings({ defaultMemoryMiB: typed === '' ? null : (parseSizeMiB(typed, 'GiB') ?? null) })} />
      </section>
      <section>
        <h2 className="mf-h">{text.deciding.stopping}<small>{text.deciding.stoppingMore}</small></h2>
        <SettingField label={text.deciding.stopTimeout} value={String(settings.stopTimeoutSeconds)} after={text.deciding.seconds} short wrong={(typed) => (/^\d{1,4}$/.test(typed) && Number(typed) >= 1 && Number(typed) <= 3600 ? undefined : text.deciding.secondsBad)} save={(typed) => changeSettings({ stopTimeoutSeconds: Number(typed) })} />
        <div className="setting">
          <span className="setting-name" id="setting-stop">{text.deciding.onTimeout}</span>
          <SegmentedControl aria-labelledby="setting-stop" value={settings.onStopTimeout} onChange={(value) => void choose({ onStopTimeout: value === 'force' ? 'force' : 'ask' })} data={[{ value: 'ask', label: text.deciding.ask }, { value: 'force', label: text.deciding.force }]} />
        </div>
      </section>
      <section>
        <h2 className="mf-h">QEMU<small>{text.settings.qemuMore}</small></h2>
        <SettingField
          label={text.deciding.qemuBinary}
          value={settings.qemuBinary ?? ''}
          placeholder={text.deciding.firstFound}
          wrong={(typed) => (typed === '' || typed.startsWith('/') ? undefined : text.adding.pathBad)}
          save={async (typed) => {
            const why = await changeSettings({ qemuBinary: typed === '' ? null : typed })
            if (why === undefined) await fetchHost()
            return why
          }}
        />
        <p className="settings-told mf-sm mf-3">{host === undefined ? '' : host.qemu === null ? text.about.noQemu : text.deciding.qemuNow(host.qemu.binary, host.qemu.version)}</p>
      </section>
    </>
  )
}

/** Nothing is lost by it: what was set before can be brought back. */
function Reset({ settings }: { readonly settings: Settings }): React.ReactNode {
  const [before, setBefore] = useState<Settings>()
  const [failed, setFailed] = useState<MayflyError>()
  const reset = async (): Promise<void> => {
    const why = await resetSettings()
    setFailed(why)
    if (why === undefined) setBefore(settings)
  }
  const undo = async (): Promise<void> => {
    const why = before === undefined ? undefined : await changeSettings(before)
    setFailed(why)
    if (why === undefined) setBefore(undefined)
  }
  return (
    <section>
      <div className="mf-row" role="status">
        {before === undefined ? <Button onClick={() => void reset()}>{text.deciding.reset}</Button> : <><span className="mf-2">{text.deciding.wasReset}</span><Button onClick={() => void undo()}>{text.ask.undo}</Button></>}
      </div>
      <p className="settings-reset mf-sm mf-3">{text.deciding.resetMeans}</p>
      {failed === undefined ? null : <Note kind="bad" live title={text.deciding.notSaved}>{failed.message} {failed.next}</Note>}
    </section>
  )
}

function memoryWrong(typed: string, mostMiB: number): string | undefined {
  const sizeMiB = parseSizeMiB(typed, 'GiB')
  if (sizeMiB === undefined) return text.wizard.sizeBad
  if (sizeMiB < 16) return text.wizard.atLeast(formatMiB(16))
  return sizeMiB > mostMiB ? text.deciding.atMost(formatMiB(mostMiB)) : undefined
}

function Folders(): React.ReactNode {
  const { host } = useHost()
  if (host === undefined) return null
  return (
    <section>
      <h2 className="mf-h">{text.settings.folders}<small>{text.settings.foldersMore}</small></h2>
      <ul className="mf-list">
        {(['data', 'config', 'cache', 'runtime'] as const).map((name) => (
          <li key={name}><span className="setting-name">{text.settings.folder[name]}</span><code className="mf-clip">{host.folders[name]}</code><span className="mf-push"><CopyButton size="small" text={host.folders[name]} name={text.copyOf(host.folders[name])} copiedWord={text.copied} /></span></li>
        ))}
      </ul>
    </section>
  )
}
