/** What a machine is and costs: its addresses, what it really takes of the disk, how long it is up, notes. */
import { Plus } from 'lucide-react'
import type { MachineDetails, MachineSummary } from '../../../contract/machine.ts'
import { useDetails } from '../../state/details.ts'
import { useGuestAddresses } from '../../state/guest-addresses.ts'
import { useNow } from '../../state/now.ts'
import { go } from '../../state/place.ts'
import { useTimeline } from '../../state/timeline.ts'
import { text } from '../../text/text.ts'
import { formatDuration, formatWhen } from '../../text/time.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Note } from '../../ui/note.tsx'
import { formatBytes, formatMiB } from '../../ui/size-text.ts'
import { StateShape } from '../../ui/state-shape.tsx'
import { Boots } from './boots.tsx'
import { Notes } from './notes.tsx'
import { Tags } from './tags.tsx'
import { UsageGraphs } from './usage-graphs.tsx'
import './overview.css'

export function OverviewTab({ machine }: { readonly machine: MachineSummary }): React.ReactNode {
  const { details, error } = useDetails(machine.id)
  if (details === undefined) return <div className="mf-page-body">{error === undefined ? <div className="mf-still ov-still" aria-busy /> : <Note kind="bad" title={text.overview.cannotRead}><p>{error.message} {error.next ?? ''}</p></Note>}</div>
  return (
    <div className="ov">
      <div className="ov-main mf-scroll">
        <Boots machine={machine} />
        <UsageGraphs machine={machine} />
        <section>
          <h2 className="mf-h">{text.overview.diskUse}<small>{text.overview.diskUseMore}</small></h2>
          <DiskUse machine={machine} details={details} />
        </section>
        {details.config === null ? null : <Tags details={details} tags={details.config.tags} />}
      </div>
      <aside className="ov-side mf-scroll" aria-label={text.overview.facts}>
        <Addresses machine={machine} />
        {details.config === null ? null : <Notes details={details} notes={details.config.notes} />}
        <Facts machine={machine} details={details} />
      </aside>
    </div>
  )
}

function DiskUse({ machine, details: { disks } }: { readonly machine: MachineSummary; readonly details: MachineDetails }): React.ReactNode {
  const { timeline } = useTimeline(machine.id)
  const shared = sum(disks.map(({ sharedBytes }) => sharedBytes))
  const parts = [
    { name: 'own', word: text.overview.own, bytes: sum(disks.map(({ allocatedBytes }) => allocatedBytes)) - shared },
    { name: 'shared', word: text.overview.shared, bytes: shared },
    { name: 'ram', word: text.overview.checkpointRam, bytes: sum((timeline?.checkpoints ?? []).map(({ sizes }) => sizes.ownRamBytes)) },
  ] as const
  const all = sum(parts.map(({ bytes }) => bytes))
  if (disks.length === 0 && all === 0) return <p className="mf-2">{text.overview.noDisks}</p>
  return (
    <>
      <div className="ov-bar" aria-hidden>{parts.map(({ name, bytes }) => <i key={name} className={`ov-${name}`} style={{ width: `${share(bytes, all)}%` }} />)}</div>
      <p className="ov-parts mf-sm">{parts.filter(({ name, bytes }) => name === 'own' || bytes > 0).map(({ name, word, bytes }) => <span key={name}><i className={`ov-${name}`} />{word} <b>{formatBytes(bytes)}</b></span>)}</p>
      <ul className="mf-list">
        {disks.map((disk) => (
          <li key={disk.id}>
            <b className="ov-disk-name">{disk.id}</b>
            <span className="mf-sm mf-2">{text.overview.diskLine(formatBytes(disk.allocatedBytes), formatBytes(disk.virtualBytes), disk.sharedBytes === 0 ? undefined : formatBytes(disk.sharedBytes), disk.layers)}</span>
          </li>
        ))}
      </ul>
    </>
  )
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((all, amount) => all + amount, 0)
}

/** Percent, but never so little that nothing is seen of it. */
function share(part: number, whole: number): number {
  return part <= 0 ? 0 : Math.min(100, Math.max(1, (part / Math.max(1, whole)) * 100))
}

function Addresses({ machine }: { readonly machine: MachineSummary }): React.ReactNode {
  const inside = useGuestAddresses(machine)
  return (
    <section>
      <h2 className="mf-h">{text.overview.addresses}<Button className="mf-push" size="small" look="quiet" icon={Plus} onClick={() => go({ view: 'machines', machine: machine.id, tab: 'network' })}>{text.overview.forward}</Button></h2>
      {machine.forwards.length === 0 ? <p className="mf-sm mf-2">{text.overview.noAddresses}</p> : null}
      <ul className="mf-list">
        {machine.forwards.map(({ hostAddress, hostPort, guestPort, protocol }) => (
          <li key={`${protocol} ${hostPort}`}>
            <span className="mf-grow"><code>{hostAddress}:{hostPort}</code><br /><span className="mf-xs mf-3">{text.overview.toGuest(guestPort, protocol, text.network.services[guestPort])}</span></span>
            <CopyButton size="small" text={`${hostAddress}:${hostPort}`} name={text.copyOf(`${hostAddress}:${hostPort}`)} copiedWord={text.copied} />
          </li>
        ))}
        {inside?.map(({ interface: name, address }) => (
          <li key={`${name} ${address}`}>
            <span className="mf-grow"><code>{address}</code><br /><span className="mf-xs mf-3">{text.overview.insideGuest(name)}</span></span>
            <CopyButton size="small" text={address} name={text.copyOf(address)} copiedWord={text.copied} />
          </li>
        ))}
      </ul>
    </section>
  )
}

/** Less is shared by any two programs. */
const worthSayingBytes = 16 * 1024 ** 2

function Facts({ machine, details }: { readonly machine: MachineSummary; readonly details: MachineDetails }): React.ReactNode {
  const now = useNow()
  const { process, hardware, lastExit } = details
  return (
    <section>
      <h2 className="mf-h">{text.overview.machine}</h2>
      <dl className="mf-dl">
        {machine.startedAt === null ? null : <><dt>{text.overview.up}</dt><dd>{text.overview.upSince(formatDuration((now - Date.parse(machine.startedAt)) / 1000), formatWhen(machine.startedAt, now))}</dd></>}
        <dt>{text.overview.size}</dt><dd>{text.machine.cpus(machine.cpus)}, {formatMiB(machine.memoryMiB)}</dd>
        <dt>{text.overview.agent}</dt><dd>{machine.agent === 'answering' ? <StateShape shape="ok" /> : null} {text.overview.agentState[machine.agent]}</dd>
        {process === null ? null : (
          <>
            <dt>{text.overview.accelerator}</dt><dd>{text.overview.accelerators[process.accelerator]}</dd>
            <dt>QEMU</dt><dd>{process.qemuVersion}</dd>
            <dt>{text.overview.process}</dt><dd>{machine.pid}</dd>
            {process.residentBytes === null ? null : <><dt>{text.overview.realMemory}</dt><dd>{formatBytes(process.proportionalBytes ?? process.residentBytes)}{process.proportionalBytes === null || process.residentBytes - process.proportionalBytes < worthSayingBytes ? null : <><br /><span className="mf-3">{text.overview.sharedMemory(formatBytes(process.residentBytes - process.proportionalBytes))}</span></>}</dd></>}
          </>
        )}
        {hardware === null ? null : <><dt>{text.overview.machineType}</dt><dd>{hardware.machineType}</dd></>}
        {lastExit === null || (process !== null && lastExit.kind !== 'crashed') ? null : <><dt>{process === null ? text.overview.lastEnd : text.overview.endBefore}</dt><dd>{formatWhen(lastExit.at, now)}: {lastExit.sentence}</dd></>}
        {machine.createdAt === null ? null : <><dt>{text.overview.created}</dt><dd>{formatWhen(machine.createdAt, now)}</dd></>}
        <dt>{text.machine.folder}</dt><dd><code>{details.folder}</code> <CopyButton size="small" text={details.folder} name={text.copyOf(text.machine.folder)} copiedWord={text.copied} /></dd>
      </dl>
    </section>
  )
}
