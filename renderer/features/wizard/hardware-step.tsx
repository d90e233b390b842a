/** What it is called, what it is made for, and how much of the host it gets. */
import { SegmentedControl } from '@mantine/core'
import { AppWindow, History, Monitor, Server, Zap } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import { useId } from 'react'
import type { Appliance } from '../../../contract/appliance.ts'
import { useHost } from '../../state/host.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { formatExactMiB } from '../../ui/exact-size.ts'
import { Note } from '../../ui/note.tsx'
import { formatMiB } from '../../ui/size-text.ts'
import { SizeSlider, SliderLegend, zoneOf } from '../../ui/size-slider.tsx'
import { ticksOf } from '../../ui/slider-scale.ts'
import type { SizeSliderProps } from '../../ui/size-slider.tsx'
import { StateShape } from '../../ui/state-shape.tsx'
import type { Zones } from '../../state/host-zones.ts'
import { changeDraft } from './draft.ts'
import type { Use } from './draft.ts'
import type { Plan, SizePlan } from './plan.ts'

const icons: Readonly<Record<Use, LucideIcon>> = { desktop: Monitor, server: Server, windows: AppWindow, old: History, micro: Zap }
const memoryStepMiB = 256
const diskStepMiB = 1024
/** Tiny Linux does not come up with less, and nothing larger does. */
const scarceMiB = 128

export function HardwareStep({ plan }: { readonly plan: Plan }): React.ReactNode {
  const { host } = useHost()
  const id = useId()
  const { cpus, memory, disk } = plan
  const issueOf = (field: string): string | undefined => plan.issues.find((issue) => issue.field === field)?.message
  const naming = plan.issues.find(({ field }) => field === 'name')
  const lacks = plan.use === 'windows' && host !== undefined ? [host.firmware.secureBoot ? undefined : text.firstRun.firmwarePackage, host.tpm ? undefined : text.firstRun.tpmPackage].filter((part) => part !== undefined) : []
  return (
    <>
      <div className="wz-row">
        <label htmlFor={`${id}-name`}>{text.wizard.name}</label>
        <span className={`wz-name ${naming === undefined ? 'mf-field' : 'mf-field mf-field-bad'}`}>
          <input id={`${id}-name`} name="name" type="text" data-autofocus value={plan.name} aria-invalid={naming !== undefined} aria-describedby={`${id}-told`} autoComplete="off" spellCheck={false} onChange={({ target }) => changeDraft({ name: target.value })} />
        </span>
        <span id={`${id}-told`} className="wz-told" role="status">
          {naming === undefined ? <span className="mf-3 mf-sm"><StateShape shape="ok" /> {text.wizard.nameFree}</span> : <span className="mf-bad-line"><StateShape shape="crashed" />{naming.message}{naming.remedy === undefined ? null : <Remedy issue={naming} />}</span>}
        </span>
      </div>
      {plan.appliance === undefined ? <MadeFor plan={plan} /> : <ApplianceFacts appliance={plan.appliance.appliance} />}
      {lacks.length === 0 ? null : <div className="wz-lacks"><Note kind="warning">{text.wizard.windowsLacks(lacks.join(', '))}</Note></div>}
      <SizeSlider {...common(cpus, issueOf('cpus'))} label={text.slider.cpus} fieldName="cpus" format={String} step={1} zones={cpus.zones ?? guessed(16)} ticks={cpuTicks(cpus.zones)} says={cpuSays(cpus)} onChange={(typed) => changeDraft({ cpus: typed })} badge={cpuBadge(cpus, issueOf('cpus'))} />
      <SizeSlider {...common(memory, issueOf('memory'))} label={text.slider.memory} fieldName="memory" format={(value) => formatExactMiB(value)} step={memoryStepMiB} least={Math.max(memory.least, 128)} zones={memory.zones ?? guessed(32 * 1024)} ticks={sizeTicks(memory.zones)} says={memorySays(memory)} onChange={(typed) => changeDraft({ memory: typed })} badge={memoryBadge(memory, issueOf('memory'))} />
      <SizeSlider {...common(disk, issueOf('disk'))} label={text.slider.disk} fieldName="disk" format={(value) => formatExactMiB(value)} step={diskStepMiB} zones={disk.zones ?? guessed(512 * 1024)} ticks={sizeTicks(disk.zones)} says={diskSays(disk)} onChange={(typed) => changeDraft({ disk: typed })} badge={badgeOf(disk, issueOf('disk'))} />
      <div className="wz-legend">
        <SliderLegend words={[{ kind: 'given', word: text.slider.given }, { kind: 'safe', word: text.slider.zoneSafe }, { kind: 'others', word: text.slider.promised }, { kind: 'warned', word: text.slider.warnedMeans }, { kind: 'refused', word: text.slider.zoneRefused }]} />
      </div>
    </>
  )
}

function MadeFor({ plan }: { readonly plan: Plan }): React.ReactNode {
  const id = useId()
  return (
    <>
      <div className="wz-row">
        <span className="wz-label" id={`${id}-use`}>{text.wizard.madeFor}</span>
        <SegmentedControl
          aria-labelledby={`${id}-use`}
          value={plan.use}
          onChange={(use) => changeDraft({ use: plan.uses.find((candidate) => candidate === use) })}
          data={plan.uses.map((use) => ({ value: use, label: <UseWord use={use} /> }))}
        />
      </div>
      <p className="wz-means mf-sm mf-3">{text.wizard.madeForMeans[plan.use]}</p>
    </>
  )
}

/** What comes with the appliance, and what is not taken over as it was. */
function ApplianceFacts({ appliance }: { readonly appliance: Appliance }): React.ReactNode {
  const { disks, nics, firmware, warnings } = appliance
  return (
    <>
      <div className="wz-row"><span className="wz-label">{text.appliance.has}</span><span className="mf-sm mf-2 wz-appliance">{[text.appliance.hardware(firmware), ...disks.map(({ sizeMiB, bus }) => text.appliance.disk(formatMiB(sizeMiB), bus)), ...nics.map(text.appliance.nic)].join('; ')}</span></div>
      {warnings.length === 0 ? null : <div className="wz-lacks"><Note kind="note" title={text.appliance.warnings}>{warnings.map((warning) => <p key={warning}>{warning}</p>)}</Note></div>}
    </>
  )
}

export function Remedy({ issue }: { readonly issue: Plan['issues'][number] }): React.ReactNode {
  const { remedy } = issue
  const put = (event: React.MouseEvent): void => {
    // The button goes with what it puts right.
    event.currentTarget.closest('[role=group]')?.querySelector<HTMLElement>(`[name="${issue.field}"]`)?.focus()
    changeDraft(remedy?.change ?? {})
  }
  return remedy === undefined ? null : <Button size="small" onClick={put}>{remedy.word}</Button>
}

function UseWord({ use }: { readonly use: Use }): React.ReactNode {
  const Icon = icons[use]
  return <span className="wz-use"><Icon size={14} strokeWidth={1.75} aria-hidden />{text.wizard.madeForWords[use]}</span>
}

function common({ typed, value, least }: SizePlan, error: string | undefined): Pick<SizeSliderProps, 'typed' | 'value' | 'least' | 'error'> {
  return { typed, value, least, error }
}

/** Before the host has answered: nothing is known to be unsafe. */
function guessed(end: number): Zones {
  return { end, safeTo: end, warnedTo: end, promised: [], kept: 0 }
}

function cpuTicks(zones: Zones | undefined): SizeSliderProps['ticks'] {
  const end = zones?.end ?? 16
  return end % 4 === 0 ? ticksOf({ end }, String) : Array.from({ length: Math.min(end, 4) + 1 }, (_, index) => Math.round((index * end) / Math.min(end, 4))).map((at) => ({ at, word: String(at) }))
}

function sizeTicks(zones: Zones | undefined): SizeSliderProps['ticks'] {
  return ticksOf(zones ?? { end: 1 }, (at, last) => (zones === undefined ? '' : last ? formatMiB(at) : String(Number((at / 1024).toFixed(at < 10_240 ? 1 : 0)))))
}

function badgeOf({ value, zones }: SizePlan, error: string | undefined): SizeSliderProps['badge'] {
  const zone = value === undefined || zones === undefined ? 'safe' : zoneOf(zones, value)
  if (error !== undefined || zone === 'refused') return { word: text.slider.refused, kind: 'refused' }
  return zone === 'warned' ? { word: text.slider.warned, kind: 'warned' } : { word: text.slider.safe, kind: 'plain' }
}

/** More CPUs than the host has are slow, never refused: they take turns. */
function cpuBadge(plan: SizePlan, error: string | undefined): SizeSliderProps['badge'] {
  const badge = badgeOf(plan, error)
  return error === undefined && badge.kind === 'refused' ? { word: text.slider.warned, kind: 'warned' } : badge
}

function cpuSays({ value = 0, zones }: SizePlan): string {
  if (zones === undefined) return text.wizard.hostUnknown
  if (value > zones.end) return text.wizard.cpusOver(zones.end)
  if (value > zones.safeTo) return text.wizard.cpusShared(zones.safeTo)
  return text.wizard.cpusSays(zones.safeTo, zones.end, zones.promised.reduce((sum, part) => sum + part, 0), zones.kept)
}

/** Too little is allowed, for there are systems that need next to nothing; most just restart again and again. */
function memoryBadge(plan: SizePlan, error: string | undefined): SizeSliderProps['badge'] {
  return error === undefined && isScarce(plan) ? { word: text.slider.warned, kind: 'warned' } : badgeOf(plan, error)
}

function isScarce({ value }: SizePlan): boolean {
  return value !== undefined && value < scarceMiB
}

function memorySays(plan: SizePlan): string {
  const { value = 0, zones } = plan
  if (isScarce(plan)) return text.wizard.memoryScarce(formatMiB(scarceMiB))
  if (zones === undefined) return text.wizard.hostUnknown
  if (value > zones.warnedTo) return text.wizard.memoryRefused(formatMiB(zones.warnedTo))
  if (value > zones.safeTo) return text.wizard.memoryWarned(formatMiB(zones.safeTo))
  const promised = zones.promised.reduce((sum, part) => sum + part, 0)
  return text.wizard.memorySays(formatMiB(zones.safeTo), promised === 0 ? undefined : formatMiB(promised), formatMiB(zones.kept))
}

function diskSays({ value = 0, zones }: SizePlan): string {
  if (zones === undefined) return text.wizard.hostUnknown
  if (value > zones.safeTo) return text.wizard.diskWarned(formatMiB(zones.safeTo))
  return text.wizard.diskSays(formatMiB(zones.safeTo))
}
