/** What new machines are where nobody says otherwise, how long their guests may take to shut down, and which QEMU runs them. */
import type { Settings } from '../../../contract/settings.ts'
import { fetchHost, useHost } from '../../state/host.ts'
import { changeSettings } from '../../state/settings.ts'
import { text } from '../../text/text.ts'
import { formatExactMiB } from '../../ui/exact-size.ts'
import { formatMiB, parseSizeMiB } from '../../ui/size-text.ts'
import { SettingChoice } from './setting-choice.tsx'
import { SettingField } from './setting-field.tsx'
import { useChoose } from './use-choose.tsx'

const profiles = ['paravirtual', 'compatible', 'micro'] as const
/** No profile: Mayfly decides. */
const noProfile = ''

export function MachineSettings({ settings }: { readonly settings: Settings }): React.ReactNode {
  const { host } = useHost()
  const { choose, refusal } = useChoose()
  const cpusMost = host?.limits.maxCpus ?? 288
  const memoryMost = host?.limits.maxMemoryMiB ?? 16 * 1024 * 1024
  const words = text.deciding
  return (
    <section id="settings-machines">
      <h2 className="mf-h">{words.newMachines}<small>{words.newMachinesMore}</small></h2>
      {refusal}
      <SettingChoice
        label={words.profile}
        value={settings.defaultProfile ?? noProfile}
        values={[{ value: noProfile, label: words.mayflyDecides }, ...profiles.map((value) => ({ value, label: words.profiles[value] }))]}
        means={settings.defaultProfile === null ? words.mayflyDecidesMeans : words.profileMeans[settings.defaultProfile]}
        onChoose={(value) => choose({ defaultProfile: value === noProfile ? null : value })}
      />
      <SettingField label={text.slider.cpus} value={settings.defaultCpus === null ? '' : String(settings.defaultCpus)} placeholder={words.mayflyDecides} short wrong={(typed) => (typed === '' || (/^[1-9]\d*$/.test(typed) && Number(typed) <= cpusMost) ? undefined : words.cpusBad(cpusMost))} save={(typed) => changeSettings({ defaultCpus: typed === '' ? null : Number(typed) })} />
      <SettingField label={text.slider.memory} value={settings.defaultMemoryMiB === null ? '' : formatExactMiB(settings.defaultMemoryMiB)} placeholder={words.mayflyDecides} short wrong={(typed) => (typed === '' ? undefined : memoryWrong(typed, memoryMost))} save={(typed) => changeSettings({ defaultMemoryMiB: typed === '' ? null : (parseSizeMiB(typed, 'GiB') ?? null) })} />
      <SettingField label={words.stopTimeout} value={String(settings.stopTimeoutSeconds)} after={words.seconds} short wrong={(typed) => (/^\d{1,4}$/.test(typed) && Number(typed) >= 1 && Number(typed) <= 3600 ? undefined : words.secondsBad)} save={(typed) => changeSettings({ stopTimeoutSeconds: Number(typed) })} />
      <SettingChoice label={words.onTimeout} value={settings.onStopTimeout} values={[{ value: 'ask', label: words.ask }, { value: 'force', label: words.force }]} onChoose={(onStopTimeout) => choose({ onStopTimeout })} />
    </section>
  )
}

export function QemuSettings({ settings }: { readonly settings: Settings }): React.ReactNode {
  const { host } = useHost()
  const words = text.deciding
  return (
    <section id="settings-qemu">
      <h2 className="mf-h">QEMU<small>{text.settings.qemuMore}</small></h2>
      <SettingField
        label={words.qemuBinary}
        value={settings.qemuBinary ?? ''}
        placeholder={words.firstFound}
        means={host === undefined ? '' : host.qemu === null ? text.about.noQemu : words.qemuNow(host.qemu.binary, host.qemu.version)}
        wrong={(typed) => (typed === '' || typed.startsWith('/') ? undefined : text.adding.pathBad)}
        save={async (typed) => {
          const why = await changeSettings({ qemuBinary: typed === '' ? null : typed })
          if (why === undefined) await fetchHost()
          return why
        }}
      />
    </section>
  )
}

function memoryWrong(typed: string, mostMiB: number): string | undefined {
  const sizeMiB = parseSizeMiB(typed, 'GiB')
  if (sizeMiB === undefined) return text.wizard.sizeBad
  if (sizeMiB < 16) return text.wizard.atLeast(formatMiB(16))
  return sizeMiB > mostMiB ? text.deciding.atMost(formatMiB(mostMiB)) : undefined
}
