/** What the guest saw at its first start and must see again. */
import type { MachineDetails } from '../../../contract/machine.ts'
import { text } from '../../text/text.ts'

export function FixedFacts({ details: { hardware } }: { readonly details: MachineDetails }): React.ReactNode {
  return (
    <section>
      <h2 className="mf-h">{text.hardware.fixed}</h2>
      {hardware === null ? <p className="mf-sm mf-2">{text.hardware.notFixed}</p> : (
        <dl className="mf-dl">
          <dt>{text.overview.machineType}</dt><dd>{hardware.machineType}</dd>
          <dt>{text.hardware.cpuModel}</dt><dd>{hardware.cpuModel}</dd>
          {Object.entries(hardware.macs).map(([nic, mac]) => <div key={nic} className="hw-contents"><dt>MAC {nic}</dt><dd><code>{mac}</code></dd></div>)}
          <dt>UUID</dt><dd><code>{hardware.uuid}</code></dd>
        </dl>
      )}
    </section>
  )
}
