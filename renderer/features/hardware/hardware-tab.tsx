/** What a machine is made of. Every change says when it applies before it is made; what waits is listed and can be dropped. */
import type { MachineSummary } from '../../../contract/machine.ts'
import { useDetails } from '../../state/details.ts'
import { useHost } from '../../state/host.ts'
import { text } from '../../text/text.ts'
import { Note } from '../../ui/note.tsx'
import { Devices } from './devices.tsx'
import { FixedFacts } from './fixed-facts.tsx'
import { HostAfter } from './host-after.tsx'
import { Pending } from './pending.tsx'
import { Sizes } from './sizes.tsx'
import './hardware.css'

export function HardwareTab({ machine }: { readonly machine: MachineSummary }): React.ReactNode {
  const { details, error } = useDetails(machine.id)
  const { host } = useHost({ fresh: true })
  const config = details?.config ?? null
  if (details === undefined || config === null) return <div className="mf-page-body">{error === undefined && details === undefined ? <div className="mf-still hw-still" aria-busy /> : <Note kind="bad" title={text.hardware.cannotRead}><p>{error?.message ?? machine.stateReason} {error?.next ?? ''}</p></Note>}</div>
  return (
    <div className="hw">
      <div className="hw-main mf-scroll">
        <Sizes machine={machine} details={details} config={config} host={host} />
        <Devices machine={machine} config={config} details={details} />
      </div>
      <aside className="hw-side mf-scroll" aria-label={text.hardware.side}>
        <Pending machine={machine} details={details} />
        {host === undefined ? null : <HostAfter machine={machine} config={config} host={host} />}
        <FixedFacts details={details} />
      </aside>
    </div>
  )
}
