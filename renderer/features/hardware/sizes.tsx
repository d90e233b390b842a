/** Processors, memory and disks as sliders that know the host. A change is gathered, says when it applies, and is made by one press. */
import { useState } from 'react'
import type { HostInfo } from '../../../contract/host.ts'
import type { MachineConfig, MachineDetails, MachineSummary } from '../../../contract/machine.ts'
import { engine } from '../../state/connection.ts'
import { cpuZones, diskZones, machinesBeside, memoryZones } from '../../state/host-zones.ts'
import { isOn } from '../../state/machine-looks.ts'
import { useUsage } from '../../state/metrics.ts'
import { useMirror } from '../../state/mirror.ts'
import { useChange } from '../../state/use-change.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { formatExactMiB } from '../../ui/exact-size.ts'
import { formatBytes, formatMiB, parseSizeMiB } from '../../ui/size-text.ts'
import { SizeSlider, SliderLegend } from '../../ui/size-slider.tsx'
import type { SizeSliderProps, SliderZones } from '../../ui/size-slider.tsx'
import { ticksOf } from '../../ui/slider-scale.ts'
import { When } from '../../ui/when.tsx'

const bytesPerMiB = 1024 ** 2
const memoryStepMiB = 256
const diskStepMiB = 1024
const leastMemoryMiB = 16

interface SizesProps {
  readonly machine: MachineSummary
  readonly details: MachineDetails
  readonly config: MachineConfig
  readonly host: HostInfo | undefined
}

export function Sizes({ machine, details, config, host }: SizesProps): React.ReactNode {
  const machines = useMirror(({ machines }) => machines)
  const usage = useUsage(machine.id).at(-1)
  const { change, problem, busy } = useChange()
  // What was not touched, or was made, follows the machine; what failed stays as it was typed.
  const [draftCpus, setCpus] = useState<string>()
  const [draftMemory, setMemory] = useState<string>()
  const cpus = draftCpus ?? String(config.cpus)
  const memory = draftMemory ?? formatExactMiB(config.memoryMiB)
  const [disks, setDisks] = useState<Readonly<Record<string, string>>>({})
  const on = isOn(machine.state)
  const beside = machinesBeside(machines, machine.id)
  const wantedCpus = /^\s*\d{1,9}\s*$/.test(cpus) ? Number(cpus) : undefined
  const wantedMemory = parseSizeMiB(memory, 'GiB')
  const zones = { cpus: host === undefined ? open(16) : cpuZones(host, beside), memory: host === undefined ? open(32 * 1024) : memoryZones(host, beside), disk: host === undefined ? open(512 * 1024) : diskZones(host) }

  const cpuError = wantedCpus === undefined || wantedCpus < 1 ? text.hardware.badCpus : wantedCpus > (host?.limits.maxCpus ?? 288) ? text.hardware.tooManyCpus(host?.limits.maxCpus ?? 288) : undefined
  const memoryError = wantedMemory === undefined || wantedMemory < leastMemoryMiB ? text.hardware.badSize : host !== undefined && wantedMemory > zones.memory.warnedTo ? text.wizard.memoryRefused(formatMiB(zones.memory.warnedTo)) : undefined
  const diskRows = config.disks.map((disk) => {
    const typed = disks[disk.id] ?? formatExactMiB(disk.sizeMiB)
    const wanted = parseSizeMiB(typed, 'GiB')
    const error = wanted === undefined ? text.hardware.badSize : wanted < disk.sizeMiB ? text.hardware.neverShrinks(formatMiB(disk.sizeMiB)) : wanted > zones.disk.warnedTo ? text.hardware.diskRefused(formatMiB(zones.disk.warnedTo)) : undefined
    return { disk, typed, wanted, error, usage: details.disks.find(({ id }) => id === disk.id) }
  })

  const cpusChange = cpuError === undefined && wantedCpus !== config.cpus
  const memoryChange = memoryError === undefined && wantedMemory !== config.memoryMiB
  const grown = diskRows.filter(({ error, wanted, disk }) => error === undefined && wanted !== disk.sizeMiB)
  const bad = cpuError ?? memoryError ?? diskRows.find(({ error }) => error !== undefined)?.error
  const sentences = [
    ...(cpusChange ? [text.hardware.fromTo(text.slider.cpus, String(config.cpus), cpus.trim())] : []),
    ...(memoryChange ? [text.hardware.fromTo(text.slider.memory, formatMiB(config.memoryMiB), formatMiB(wantedMemory ?? 0))] : []),
    ...grown.map(({ disk, wanted }) => text.hardware.fromTo(disk.id, formatMiB(disk.sizeMiB), formatMiB(wanted ?? 0))),
  ]

  async function apply(): Promise<void> {
    if (cpusChange || memoryChange) {
      const done = await change(text.hardware.apply, () => engine.machine.set({ machine: machine.id, ...(cpusChange && wantedCpus !== undefined ? { cpus: wantedCpus } : {}), ...(memoryChange && wantedMemory !== undefined ? { memoryMiB: wantedMemory } : {}) }))
      if (!done) return
      setCpus(undefined)
      setMemory(undefined)
    }
    for (const { disk, wanted } of grown) {
      if (wanted !== undefined && !(await change(text.hardware.grow(disk.id), () => engine.disk.resize({ machine: machine.id, disk: disk.id, sizeMiB: wanted })))) return
      setDisks(({ [disk.id]: _made, ...rest }) => rest)
    }
  }
  function undo(): void {
    setCpus(undefined)
    setMemory(undefined)
    setDisks({})
  }

  const runningCpus = pendingNow(details, 'cpus')
  const runningMemory = pendingNow(details, 'memoryMiB')
  return (
    <section>
      <h2 className="mf-h hw-head">{text.hardware.size}<span className="mf-push"><SliderLegend words={[{ kind: 'used', word: text.slider.used }, { kind: 'given', word: text.slider.given }, { kind: 'safe', word: text.slider.zoneSafe }, { kind: 'others', word: text.slider.promised }, { kind: 'warned', word: text.slider.warnedMeans }, { kind: 'refused', word: text.slider.zoneRefused }]} /></span></h2>
      <SizeSlider
        label={text.slider.cpus} fieldName="cpus" value={wantedCpus} typed={cpus} onChange={setCpus} format={String} least={1} step={1} zones={zones.cpus} error={cpuError}
        ticks={zones.cpus.end % 4 === 0 ? ticksOf(zones.cpus, String) : Array.from({ length: Math.min(zones.cpus.end, 4) + 1 }, (_, index) => ({ at: index * Math.max(1, Math.floor(zones.cpus.end / 4)), word: String(index * Math.max(1, Math.floor(zones.cpus.end / 4))) }))}
        says={wantedCpus !== undefined && wantedCpus > zones.cpus.end ? text.wizard.cpusOver(zones.cpus.end) : wantedCpus !== undefined && wantedCpus > zones.cpus.safeTo ? text.wizard.cpusShared(zones.cpus.safeTo) : text.wizard.cpusSays(zones.cpus.safeTo, zones.cpus.end, sum(zones.cpus), zones.cpus.kept)}
        badge={badge(on, cpuError, false)} used={usage?.cpu === null || usage?.cpu === undefined ? undefined : usage.cpu * (runningCpus ?? config.cpus)} now={mark(runningCpus, String)}
      />
      <SizeSlider
        label={text.slider.memory} fieldName="memory" value={wantedMemory} typed={memory} onChange={setMemory} format={formatExactMiB} least={leastMemoryMiB} step={memoryStepMiB} zones={zones.memory} error={memoryError}
        ticks={ticksOf(zones.memory, sizeWord)}
        says={wantedMemory !== undefined && wantedMemory > zones.memory.safeTo ? text.wizard.memoryWarned(formatMiB(zones.memory.safeTo)) : text.wizard.memorySays(formatMiB(zones.memory.safeTo), sum(zones.memory) === 0 ? undefined : formatMiB(sum(zones.memory)), formatMiB(zones.memory.kept))}
        badge={badge(on, memoryError, false)} used={usage?.guestMemoryBytes === null || usage?.guestMemoryBytes === undefined ? undefined : usage.guestMemoryBytes / bytesPerMiB} now={mark(runningMemory, formatMiB)}
      />
      {diskRows.map(({ disk, typed, wanted, error, usage: used }) => (
        <SizeSlider
          key={disk.id} label={config.disks.length === 1 ? text.slider.disk : disk.label === '' ? disk.id : disk.label} fieldName={disk.id} value={wanted} typed={typed} onChange={(value) => setDisks((before) => ({ ...before, [disk.id]: value }))} format={formatExactMiB} least={disk.sizeMiB} step={diskStepMiB} zones={zones.disk} error={error}
          ticks={ticksOf(zones.disk, sizeWord)} used={used === undefined ? undefined : used.allocatedBytes / bytesPerMiB}
          says={wanted !== undefined && wanted > zones.disk.safeTo ? text.wizard.diskWarned(formatMiB(zones.disk.safeTo)) : text.hardware.diskSays(formatBytes(used?.allocatedBytes ?? 0), formatMiB(zones.disk.safeTo))}
          badge={badge(on, error, true)}
        />
      ))}
      {sentences.length === 0 ? null : (
        <div className="hw-apply" role="status">
          <span className="mf-grow">{sentences.join(', ')}</span>
          <When later={on && (cpusChange || memoryChange)} />
          <Button onClick={undo}>{text.hardware.undo}</Button>
          <Button look="filled" cannot={bad} aria-busy={busy} onClick={() => void apply()}>{text.hardware.apply}</Button>
        </div>
      )}
      {problem === undefined ? null : <Note problem={problem} />}
    </section>
  )
}

function Note({ problem }: { readonly problem: NonNullable<ReturnType<typeof useChange>['problem']> }): React.ReactNode {
  return <div className="mf-bad-line hw-problem" role="alert">{text.error.couldNot(problem.doing)}. {problem.error.message} {problem.error.next ?? ''}</div>
}

/** Before the host has answered nothing is known to be unsafe. */
function open(end: number): SliderZones & { readonly kept: number } {
  return { end, safeTo: end, warnedTo: end, promised: [], kept: 0 }
}

function sum({ promised }: SliderZones): number {
  return promised.reduce((all, part) => all + part, 0)
}

function sizeWord(at: number, last: boolean): string {
  return last ? formatMiB(at) : String(Number((at / 1024).toFixed(at < 10_240 ? 1 : 0)))
}

function badge(on: boolean, error: string | undefined, atOnce: boolean): SizeSliderProps['badge'] {
  if (error !== undefined) return { word: text.slider.refused, kind: 'refused' }
  return on && !atOnce ? { word: text.hardware.later, kind: 'later' } : { word: text.hardware.now, kind: 'plain' }
}

function mark(at: number | undefined, format: (at: number) => string): SizeSliderProps['now'] {
  return at === undefined ? undefined : { at, word: text.hardware.nowIs(format(at)) }
}

/** What the running guest has, where something else waits. */
function pendingNow(details: MachineDetails, field: 'cpus' | 'memoryMiB'): number | undefined {
  return details.pending.find((change) => change.field === field)?.amounts?.now
}
