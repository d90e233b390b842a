/** What waits for the next start: each can be dropped, all can be had by a restart. */
import { ArrowRight, Undo2 } from 'lucide-react'
import type { MachineDetails, MachineSummary } from '../../../contract/machine.ts'
import { engine } from '../../state/connection.ts'
import { perform, whyNot } from '../../state/machine-actions.ts'
import { useIsRestarting } from '../../state/restart.ts'
import { useChange } from '../../state/use-change.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'

export function Pending({ machine, details }: { readonly machine: MachineSummary; readonly details: MachineDetails }): React.ReactNode {
  const { change, problem } = useChange()
  const { pending } = details
  const restarting = useIsRestarting(machine.id)
  const drop = (fields?: string[]): void => void change(text.hardware.drop, () => engine.machine.dropPending({ machine: machine.id, ...(fields === undefined ? {} : { fields }) }))
  return (
    <section>
      <h2 className="mf-h">{text.hardware.waits}<small>{pending.length === 0 ? '' : pending.length}</small></h2>
      {pending.length === 0 ? <p className="mf-sm mf-2">{text.hardware.nothingWaits}</p> : (
        <>
          <ul className="mf-list">
            {pending.map(({ field, now, next }) => (
              <li key={field}>
                <span className="mf-grow"><span className="mf-clip">{text.hardware.fields[field] ?? field}</span><br /><span className="mf-sm mf-2 hw-change">{now} <ArrowRight size={12} aria-label={text.hardware.to} /> <b>{next}</b></span></span>
                <Button size="small" look="quiet" icon={Undo2} onClick={() => drop([field])}>{text.hardware.drop}</Button>
              </li>
            ))}
          </ul>
          <div className="mf-row hw-buttons">
            <Button cannot={restarting ? text.machine.restartingMore : whyNot('restart', machine)} onClick={() => perform('restart', machine)}>{restarting ? text.machine.restarting : text.machine.restartAndApply}</Button>
            {pending.length < 2 ? null : <Button look="quiet" onClick={() => drop()}>{text.hardware.dropAll}</Button>}
          </div>
        </>
      )}
      {problem === undefined ? null : <div className="mf-bad-line" role="alert">{problem.error.message} {problem.error.next ?? ''}</div>}
    </section>
  )
}
