/** What differs between two checkpoints: disks, hardware, packages. */
import type { CheckpointDiff } from '../../../contract/checkpoint.ts'
import { text } from '../../text/text.ts'
import { formatBytes } from '../../ui/size-text.ts'

/** `brief`: amounts only; else every package and every setting. */
export function DiffView({ diff, brief = false }: { readonly diff: CheckpointDiff; readonly brief?: boolean }): React.ReactNode {
  const { disks, hardware, packages } = diff
  const amounts = packages === null ? text.timeline.packagesUnknown : text.timeline.packagesChanged(packages.added.length, packages.removed.length, packages.changed.length)
  return (
    <dl className="mf-dl tl-diff">
      {disks.map(({ disk, changedBytes, changedBlocks }) => <div key={disk}><dt>{text.timeline.disk(disk)}</dt><dd>{changedBytes === 0 ? text.timeline.diskSame : text.timeline.changed(formatBytes(changedBytes), changedBlocks)}</dd></div>)}
      <div>
        <dt>{text.timeline.packages}</dt>
        <dd>
          {amounts === '' ? text.timeline.nothingChanged : amounts}
          {brief || packages === null ? null : <ul className="tl-diff-all">{[...packages.added.map((name) => `+ ${name}`), ...packages.removed.map((name) => `− ${name}`), ...packages.changed.map(({ name, a, b }) => text.timeline.fromTo(name, a, b))].map((line) => <li key={line}>{line}</li>)}</ul>}
        </dd>
      </div>
      <div>
        <dt>{text.timeline.hardware}</dt>
        <dd>{hardware.length === 0 ? text.timeline.nothingChanged : hardware.map(({ field, a, b }) => <div key={field}>{text.timeline.fromTo(text.hardware.fields[field] ?? field, a, b)}</div>)}</dd>
      </div>
    </dl>
  )
}
