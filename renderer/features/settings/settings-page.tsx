/** What this window may be told to do otherwise. Kept on this computer, in this browser. */
import { SegmentedControl, useMantineColorScheme } from '@mantine/core'
import { useHost } from '../../state/host.ts'
import { text } from '../../text/text.ts'
import { CopyButton } from '../../ui/copy-button.tsx'

const schemes = ['auto', 'light', 'dark'] as const

export function SettingsPage(): React.ReactNode {
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true })
  const { host } = useHost()
  return (
    <div className="mf-page">
      <div className="mf-page-head"><div className="mf-grow"><h1>{text.nav.settings}</h1><p>{text.settings.kept}</p></div></div>
      <div className="mf-page-body mf-scroll">
        <section>
          <h2 className="mf-h">{text.settings.theme}</h2>
          <SegmentedControl aria-label={text.settings.theme} value={colorScheme} onChange={(value) => setColorScheme(value as typeof colorScheme)} data={schemes.map((value) => ({ value, label: text.settings.themes[value] }))} />
        </section>
        {host === undefined ? null : (
          <section>
            <h2 className="mf-h">{text.settings.folders}<small>{text.settings.foldersMore}</small></h2>
            <ul className="mf-list">
              {(['data', 'config', 'cache', 'runtime'] as const).map((name) => (
                <li key={name}><span className="settings-name mf-2">{text.settings.folder[name]}</span><code className="mf-clip">{host.folders[name]}</code><span className="mf-push"><CopyButton size="small" text={host.folders[name]} name={text.copyOf(host.folders[name])} copiedWord={text.copied} /></span></li>
              ))}
            </ul>
          </section>
        )}
        <section>
          <h2 className="mf-h">QEMU<small>{text.settings.qemuMore}</small></h2>
          <p>{host?.qemu === null || host === undefined ? text.about.noQemu : <><code>{host.qemu.binary}</code>, {host.qemu.version}</>}</p>
        </section>
      </div>
    </div>
  )
}
