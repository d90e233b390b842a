/** Everything about the chosen checkpoint, and what can be done with it. */
import { Checkbox } from '@mantine/core'
import { Columns2, GitBranch, GitFork, HardDrive, History, Pencil, Trash2, Upload } from 'lucide-react'
import type { Checkpoint, Timeline } from '../../../contract/checkpoint.ts'
import type { MachineSummary } from '../../../contract/machine.ts'
import { useCheckpointPicture } from '../../state/checkpoint-pictures.ts'
import { forkNow } from '../../state/forking.tsx'
import { openOverlay } from '../../state/overlay.ts'
import type { CheckpointDialog } from '../../state/overlay.ts'
import { go } from '../../state/place.ts'
import { text } from '../../text/text.ts'
import { formatFull } from '../../text/time.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'
import { formatBytes, formatMiB } from '../../ui/size-text.ts'
import { DiffView } from './diff-view.tsx'
import { useDiff } from './use-diff.ts'
import { whyNotDelete, whyNotUse } from './why-not.ts'

interface CheckpointPanelProps {
  readonly machine: MachineSummary
  readonly timeline: Timeline
  readonly checkpoint: Checkpoint
  readonly forks: readonly MachineSummary[]
  readonly keepPresent: boolean
  readonly onKeepPresent: (keep: boolean) => void
  readonly onSelect: (id: string | null) => void
}

export function CheckpointPanel({ machine, timeline, checkpoint, forks, keepPresent, onKeepPresent, onSelect }: CheckpointPanelProps): React.ReactNode {
  const { id, label, description, kind, sizes, madeWith, neededBy } = checkpoint
  const screen = useCheckpointPicture(machine.id, id, checkpoint.hasThumbnail)
  const parent = timeline.checkpoints.find((one) => one.id === checkpoint.parent)
  const { diff, error } = useDiff(machine.id, checkpoint.parent, id)
  const cannot = whyNotUse(machine, checkpoint)
  const cannotDelete = whyNotDelete(machine, checkpoint)
  const open = (what: CheckpointDialog) => (): void => openOverlay({ kind: 'checkpoint', what, machine: machine.id, checkpoint: id, keepPresent })
  const own = formatBytes(sizes.ownDiskBytes + sizes.ownRamBytes)
  const holds = [text.timeline.disks(checkpoint.disks.length), ...(kind === 'ram' ? [text.timeline.ram] : []), ...(checkpoint.hasNvram ? [text.timeline.firmware] : []), ...(checkpoint.hasTpm ? [text.timeline.tpm] : []), ...(checkpoint.fileSystemsFrozen ? [text.timeline.frozen] : [])]
  return (
    <>
      {screen === undefined ? <span className="mf-thumb mf-thumb-off tl-picture"><HardDrive size={20} strokeWidth={1.5} aria-hidden /></span> : <img className="mf-thumb tl-picture" src={screen} alt={text.timeline.picture(label)} />}
      <div className="tl-title"><h2>{label}</h2><IconButton size="small" icon={Pencil} name={text.timeline.rename} onClick={open('rename')} /></div>
      {description === '' ? null : <p className="tl-description">{description}</p>}
      {checkpoint.broken === null ? null : <div className="tl-note"><Note kind="bad" title={text.timeline.broken}>{checkpoint.broken}</Note></div>}
      {checkpoint.ramRefused === null || checkpoint.broken !== null ? null : <div className="tl-note"><Note kind="warning" title={text.timeline.ramRefused}>{checkpoint.ramRefused} {text.timeline.disksRemain}</Note></div>}
      <div className="tl-three">
        <Button icon={GitFork} cannot={cannot} onClick={() => void forkNow(machine, { checkpoint: id })}>{text.timeline.fork}</Button>
        <Button icon={History} cannot={cannot} onClick={open('restore')}>{text.timeline.restore}</Button>
        <Button icon={GitBranch} cannot={cannot} onClick={open('branch')}>{text.timeline.branch}</Button>
      </div>
      <Checkbox size="xs" className="tl-keep" label={text.timeline.keepPresent} checked={keepPresent} onChange={({ currentTarget }) => onKeepPresent(currentTarget.checked)} />
      <dl className="mf-dl">
        <dt>{text.timeline.taken}</dt><dd>{text.timeline.takenAs(formatFull(checkpoint.takenAt), text.timeline.states[checkpoint.machineState])}</dd>
        {text.timeline.origins[checkpoint.origin] === '' ? null : <><dt>{text.timeline.origin}</dt><dd>{text.timeline.origins[checkpoint.origin]}</dd></>}
        <dt>{text.timeline.holds}</dt><dd>{holds.join(', ')}</dd>
        <dt>{text.timeline.guest}</dt><dd>{text.timeline.guestSize(text.machine.cpus(checkpoint.cpus), formatMiB(checkpoint.memoryMiB))}</dd>
        <dt>{text.timeline.ownSize}</dt><dd>{own} {kind === 'ram' ? <span className="mf-3">{text.timeline.ownParts(formatBytes(sizes.ownRamBytes), formatBytes(sizes.ownDiskBytes))}</span> : null}</dd>
        <dt>{text.timeline.shared}</dt><dd>{sizes.sharedBytes === 0 ? text.timeline.sharedNone : text.timeline.sharedWith(formatBytes(sizes.sharedBytes))}</dd>
        <dt>{text.timeline.needs}</dt><dd>{parent === undefined ? text.timeline.needsNothing : <button type="button" className="mf-link" onClick={() => onSelect(parent.id)}>{parent.label}</button>}</dd>
        <dt>{text.timeline.neededBy}</dt><dd><NeededBy checkpoint={checkpoint} timeline={timeline} forks={forks} onSelect={onSelect} /></dd>
        {madeWith === null ? null : <><dt>{text.timeline.madeWith}</dt><dd>{text.timeline.madeWithFacts(madeWith.qemuVersion.split(' ')[0] ?? '', madeWith.machineType, text.overview.accelerators[madeWith.accelerator], madeWith.cpuModel)}</dd></>}
      </dl>
      <h3 className="tl-head">{parent === undefined ? text.timeline.changedTitle : text.timeline.changedSince(parent.label)}</h3>
      {parent === undefined ? <p className="mf-sm mf-3">{text.timeline.changedNone}</p> : diff !== undefined ? <DiffView diff={diff} brief /> : error !== undefined ? <p className="mf-bad-line">{error.message}</p> : <p className="mf-sm mf-3">{text.timeline.comparing}</p>}
      <div className="tl-acts">
        <Button size="small" look="quiet" icon={Columns2} onClick={open('compare')}>{text.timeline.compare}</Button>
        <Button size="small" look="quiet" icon={Upload} cannot={checkpoint.broken ?? undefined} onClick={open('export')}>{text.timeline.export}</Button>
        <Button size="small" look="quiet" icon={Trash2} cannot={cannotDelete} onClick={open('delete')}>{text.timeline.delete}</Button>
      </div>
      {neededBy.length === 0 ? null : <p className="mf-xs mf-3">{neededBy.length === 1 ? text.timeline.cannotDeleteOne(neededBy[0]?.name ?? '') : text.timeline.cannotDelete(neededBy.map(({ name }) => name).join(', '))}</p>}
    </>
  )
}

function NeededBy({ checkpoint, timeline, forks, onSelect }: Pick<CheckpointPanelProps, 'checkpoint' | 'timeline' | 'forks' | 'onSelect'>): React.ReactNode {
  const mine = forks.filter(({ origin }) => origin?.checkpoint === checkpoint.id)
  const other = checkpoint.neededBy.filter(({ machine }) => !mine.some(({ id }) => id === machine))
  const later = timeline.checkpoints.filter(({ parent }) => parent === checkpoint.id)
  const links = [
    ...[...mine.map(({ id, name }) => ({ id, name })), ...other.map(({ machine, name }) => ({ id: machine, name }))].map(({ id, name }) => <button key={id} type="button" className="mf-link" onClick={() => go({ view: 'machines', machine: id, tab: 'console' })}>{name}</button>),
    ...later.map(({ id, label }) => <button key={id} type="button" className="mf-link" onClick={() => onSelect(id)}>{label}</button>),
  ]
  if (links.length === 0) return text.timeline.neededByNone
  return <span className="tl-links">{links}</span>
}
