/** What waits for the next start, and the way to have it now. */
import { Clock } from 'lucide-react'
import type { MachineSummary } from '../../../contract/machine.ts'
import { useDetails } from '../../state/details.ts'
import { useIsRestarting } from '../../state/restart.ts'
import { perform, whyNot } from '../../state/machine-actions.ts'
import { go } from '../../state/place.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'

export function PendingHint({ machine }: { readonly machine: MachineSummary }): React.ReactNode {
  const { details } = useDetails(machine.id)
  const restarting = useIsRestarting(machine.id)
  if (machine.pendingChanges === 0) return null
  return (
    <div className="hint">
      <Clock size={14} strokeWidth={1.75} aria-hidden className="mf-icon" />
      <b className="hint-title">{text.machine.waitsFor(machine.pendingChanges)}</b>
      <span className="mf-clip">{details?.pending.map(({ field, now, next }) => text.machine.fromTo((text.hardware.fields[field] ?? field).replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase()), now, next)).join(', ')}</span>
      <span className="mf-push mf-row">
        <Button look="quiet" size="small" onClick={() => go({ view: 'machines', machine: machine.id, tab: 'hardware' })}>{text.machine.review}</Button>
        <Button size="small" cannot={restarting ? text.machine.restartingMore : whyNot('restart', machine)} onClick={() => perform('restart', machine)}>{restarting ? text.machine.restarting : text.machine.restartAndApply}</Button>
      </span>
    </div>
  )
}
