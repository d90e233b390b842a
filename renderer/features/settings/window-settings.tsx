/** How the window looks, and what closing and quitting do with machines that run. */
import { useMantineColorScheme } from '@mantine/core'
import type { Settings } from '../../../contract/settings.ts'
import { text } from '../../text/text.ts'
import { SettingChoice } from './setting-choice.tsx'
import { useChoose } from './use-choose.tsx'

const schemes = ['auto', 'light', 'dark'] as const
const closings = ['keep-running', 'quit'] as const
const quittings = ['ask', 'leave-running', 'save', 'shut-down'] as const

export function WindowSettings({ settings }: { readonly settings: Settings | undefined }): React.ReactNode {
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true })
  const { choose, refusal } = useChoose()
  const words = text.deciding
  return (
    <section id="settings-window">
      <h2 className="mf-h">{words.window}</h2>
      <SettingChoice label={text.settings.theme} value={colorScheme} values={schemes.map((value) => ({ value, label: text.settings.themes[value] }))} means={words.themeMeans} onChoose={setColorScheme} />
      {settings === undefined ? null : (
        <>
          <SettingChoice label={words.onClose} value={settings.onWindowClose} values={closings.map((value) => ({ value, label: words.onCloses[value] }))} means={words.onCloseMeans[settings.onWindowClose]} onChoose={(onWindowClose) => choose({ onWindowClose })} />
          <SettingChoice label={words.onQuit} value={settings.onQuit} values={quittings.map((value) => ({ value, label: words.onQuits[value] }))} means={words.onQuitMeans[settings.onQuit]} onChoose={(onQuit) => choose({ onQuit })} />
        </>
      )}
      {refusal}
    </section>
  )
}
