/** The present: what it grew from, what was written since, and the way to save it. */
import { BookmarkPlus, GitFork } from 'lucide-react'
import type { Timeline } from '../../../contract/checkpoint.ts'
import type { MachineSummary } from '../../../contract/machine.ts'
import { perform, whyNot } from '../../state/machine-actions.ts'
import { wordOf } from '../../state/machine-looks.ts'
import { useThumbnail } from '../../state/thumbnails.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'
import { formatBytes, formatMiB } from '../../ui/size-text.ts'

interface PresentPanelProps {
  readonly machine: MachineSummary
  readonly timeline: Timeline
  readonly onSelect: (id: string) => void
}

export function PresentPanel({ machine, timeline, onSelect }: PresentPanelProps): React.ReactNode {
  const screen = useThumbnail(machine.id, machine.state === 'running' || machine.state === 'paused')
  const parent = timeline.checkpoints.find(({ id }) => id === timeline.present.parent)
  return (
    <>
      {screen === undefined ? null : <img className="mf-thumb tl-picture" src={screen} alt={text.timeline.picture(text.timeline.now)} />}
      <div className="tl-title"><h2>{text.timeline.nowTitle}</h2></div>
      <p className="tl-description">{text.timeline.nowMore}</p>
      <div className="tl-three">
        <Button icon={BookmarkPlus} cannot={whyNot('checkpoint', machine)} onClick={() => perform('checkpoint', machine)}>{text.timeline.take}</Button>
        <Button icon={GitFork} cannot={whyNot('fork', machine)} onClick={() => perform('fork', machine)}>{text.timeline.fork}</Button>
      </div>
      <dl className="mf-dl">
        <dt>{text.overview.machine}</dt><dd>{wordOf(machine)}</dd>
        <dt>{text.timeline.guest}</dt><dd>{text.timeline.guestSize(text.machine.cpus(machine.cpus), formatMiB(machine.memoryMiB))}</dd>
        <dt>{text.timeline.grewFrom}</dt><dd>{parent === undefined ? text.timeline.grewFromNothing : <button type="button" className="mf-link" onClick={() => onSelect(parent.id)}>{parent.label}</button>}</dd>
        <dt>{text.timeline.written}</dt><dd>{formatBytes(timeline.present.ownDiskBytes)}</dd>
      </dl>
      {timeline.ramBlockers.length === 0 || machine.state === 'stopped' || machine.state === 'crashed' ? null : <div className="tl-note"><Note kind="warning" title={text.timeline.ramNotNow}>{timeline.ramBlockers.map((blocker) => <p key={blocker}>{blocker}</p>)}</Note></div>}
    </>
  )
}
