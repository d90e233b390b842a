/** What this host can do: measured, with the remedy beneath where something is missing. */
import { RotateCcw } from 'lucide-react'
import { useCallback, useEffect, useState } from 'react'
import type { DiagnosticResult, DoctorReport, HostInfo } from '../../../contract/host.ts'
import { engine } from '../../state/connection.ts'
import { fetchHost, useHost } from '../../state/host.ts'
import { cpuZones, memoryZones } from '../../state/host-zones.ts'
import { go, pathOf } from '../../state/place.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Note } from '../../ui/note.tsx'
import { formatBytes } from '../../ui/size-text.ts'
import { StateShape } from '../../ui/state-shape.tsx'
import type { StateShapeName } from '../../ui/state-shape.tsx'

type Status = DiagnosticResult['status']

interface Fact {
  readonly name: string
  readonly status: Status
  readonly value: string
  readonly more: string
}

const shapes: Readonly<Record<Status, StateShapeName>> = { ok: 'ok', warning: 'warning', problem: 'crashed', unknown: 'unknown' }
const roomForMiB = 2048
const sevenRows = Array.from({ length: 7 }, (_, row) => row)

export function HostFacts(): React.ReactNode {
  const { host, error } = useHost()
  const [report, setReport] = useState<DoctorReport>()
  const [busy, setBusy] = useState(false)
  const check = useCallback(async (remeasure: boolean): Promise<void> => {
    setBusy(true)
    // What the doctor cannot say is said by the facts, and by its own page.
    await Promise.all([remeasure ? fetchHost({ remeasure }) : undefined, engine.host.doctor({}).then(setReport, () => setReport(undefined))])
    setBusy(false)
  }, [])
  useEffect(() => void check(false), [check])
  const facts = host === undefined ? undefined : factsOf(host, report)
  const trouble = report?.results.find(({ status }) => status === 'problem') ?? report?.results.find(({ status, remedies }) => status === 'warning' && remedies.length > 0)
  return (
    <section className="fr-can" aria-labelledby="fr-can" aria-busy={busy}>
      <div className="mf-h"><h2 id="fr-can">{text.firstRun.can}</h2><span className="mf-push fr-again"><Button look="quiet" size="small" icon={RotateCcw} cannot={busy ? text.firstRun.checking : undefined} onClick={() => void check(true)}>{text.firstRun.again}</Button></span></div>
      {error === undefined ? null : <Note kind="bad" live title={text.firstRun.hostFailed} actions={<Button size="small" onClick={() => void check(true)}>{text.tryAgain}</Button>}>{error.message} {error.next}</Note>}
      <ul className="mf-list fr-facts">
        {facts === undefined
          ? sevenRows.map((row) => <li key={row} aria-hidden><span className="mf-still fr-still" /></li>)
          : facts.map(({ name, status, value, more }) => (
            <li key={name}>
              <StateShape shape={shapes[status]} label={text.firstRun.state[status]} />
              <span className="fr-name">{name}</span>
              <span className="mf-grow"><b>{value}</b><br /><span className="mf-3 mf-sm">{more}</span></span>
            </li>
          ))}
      </ul>
      {trouble === undefined ? null : <Trouble result={trouble} />}
      {report === undefined ? null : (
        <p className="mf-sm fr-doctor">
          <a
            href={pathOf({ view: 'doctor' })}
            onClick={(event) => {
              event.preventDefault()
              go({ view: 'doctor' })
            }}
          >
            {text.firstRun.openDoctor}
          </a> <span className="mf-3">{text.firstRun.forChecks(report.results.length)}</span>
        </p>
      )}
    </section>
  )
}

function Trouble({ result }: { readonly result: DiagnosticResult }): React.ReactNode {
  const [remedy] = result.remedies
  return (
    <div className="fr-note">
      <Note kind={result.status === 'problem' ? 'bad' : 'warning'} title={result.concerns === '' ? result.found : result.concerns} actions={remedy?.command == null ? undefined : <CopyButton look="default" size="small" text={remedy.command} name={text.firstRun.copyCommand} word={text.copy} copiedWord={text.copied} />}>
        {remedy?.text}
        {remedy?.command == null ? null : <><br /><code>{remedy.command}</code></>}
      </Note>
    </div>
  )
}

function factsOf(host: HostInfo, report: DoctorReport | undefined): Fact[] {
  const words = text.firstRun
  const { facts } = words
  /** The worst of these checks; good where the doctor has not answered. */
  const worst = (...ids: string[]): Status => {
    const found = (report?.results ?? []).filter(({ id }) => ids.includes(id)).map(({ status }) => status)
    return (['problem', 'warning', 'unknown'] as const).find((status) => found.includes(status)) ?? 'ok'
  }
  const memory = memoryZones(host, [])
  const missing = [host.tpm ? undefined : words.tpmPackage, host.firmware.secureBoot ? undefined : words.firmwarePackage].filter((part) => part !== undefined)
  return [
    speedOf(host),
    { name: facts.cpus, status: 'ok', value: words.threads(host.cpus), more: words.keptForHost(host.cpuModel, cpuZones(host, []).kept) },
    { name: facts.memory, status: worst('memory'), value: words.memoryFree(formatBytes(host.memoryAvailableBytes), formatBytes(host.memoryBytes)), more: words.room(Math.floor(memory.safeTo / roomForMiB)) },
    { name: facts.disk, status: worst('disk-space', 'folders'), value: words.diskFree(formatBytes(host.folders.dataFreeBytes)), more: host.folders.data },
    host.qemu === null
      ? { name: facts.qemu, status: 'problem', value: words.qemuMissing, more: words.qemuMissingMore }
      : { name: facts.qemu, status: worst('qemu', 'qemu-img', 'native'), value: host.qemu.version.replace(/ .*/, ''), more: report?.results.find(({ id, status }) => id.startsWith('qemu') && status !== 'ok')?.found ?? words.qemuThere },
    { name: facts.network, status: 'ok', value: words.networkIs, more: words.networkMeans },
    host.qemu === null
      ? { name: facts.windows, status: 'unknown', value: words.windowsUnknown, more: words.windowsUnknownMore }
      : missing.length === 0
        ? { name: facts.windows, status: 'ok', value: words.windowsReady, more: words.windowsReadyMore }
        : { name: facts.windows, status: 'warning', value: words.windowsNeeds(missing.join(', ')), more: words.windowsNeedsMore },
  ]
}

/** Which accelerator machines get, and how it compares with what else was measured. */
function speedOf(host: HostInfo): Fact {
  const words = text.firstRun
  const name = words.facts.speed
  const used = host.accelerators.find((accelerator) => accelerator.name === host.accelerator)
  const kvm = host.accelerators.find((accelerator) => accelerator.name === 'kvm')
  const tcg = host.accelerators.find((accelerator) => accelerator.name === 'tcg')
  if (used === undefined) return { name, status: 'problem', value: words.noAccelerator, more: host.accelerators[0]?.reason ?? words.noQemu }
  if (used.name === 'tcg') return { name, status: 'warning', value: words.tcg, more: kvm?.reason ?? used.reason }
  const times = used.loopsPerSecond !== null && tcg?.loopsPerSecond != null && tcg.loopsPerSecond > 0 ? used.loopsPerSecond / tcg.loopsPerSecond : undefined
  return { name, status: 'ok', value: words.kvm, more: times === undefined ? used.reason : words.timesFaster(times >= 10 ? String(Math.round(times)) : times.toFixed(1)) }
}

