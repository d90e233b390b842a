/** These pages in a browser: where they are served, and how one begins. */
import type { Settings } from '../../../contract/settings.ts'
import { changeSettings } from '../../state/settings.ts'
import { text } from '../../text/text.ts'
import { CopyButton } from '../../ui/copy-button.tsx'
import { SettingField } from './setting-field.tsx'

export function ServeSettings({ settings }: { readonly settings: Settings }): React.ReactNode {
  const words = text.deciding
  return (
    <section id="settings-serve">
      <h2 className="mf-h">{words.serve}<small>{words.serveMore}</small></h2>
      <SettingField
        label={words.servePort}
        value={settings.servePort === null ? '' : String(settings.servePort)}
        placeholder={words.servePortFree}
        means={words.servePortMeans}
        wrong={(typed) => (typed === '' || (/^[1-9]\d{0,4}$/.test(typed) && Number(typed) <= 65_535) ? undefined : words.servePortBad)}
        save={(typed) => changeSettings({ servePort: typed === '' ? null : Number(typed) })}
      />
      <Command label={words.serveCommand} command="mayfly serve --open" means={words.serveCommandMeans} />
      <Command label={words.serveOthers} command="mayfly serve --set-password" means={words.serveOthersMeans} />
    </section>
  )
}

function Command({ label, command, means }: { readonly label: string; readonly command: string; readonly means: string }): React.ReactNode {
  return (
    <div className="setting">
      <span className="setting-name">{label}</span>
      <span>
        <span className="mf-row"><code className="mf-cli setting-command">{command}</code><CopyButton text={command} name={text.deciding.copyCommand(command)} copiedWord={text.copied} /></span>
        <span className="setting-means mf-sm mf-3">{means}</span>
      </span>
    </div>
  )
}
