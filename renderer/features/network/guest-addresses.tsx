/** What the guest says its addresses are. */
import type { MachineSummary } from '../../../contract/machine.ts'
import { useGuestAddresses } from '../../state/guest-addresses.ts'
import { text } from '../../text/text.ts'
import { CopyButton } from '../../ui/copy-button.tsx'

export function GuestAddresses({ machine }: { readonly machine: MachineSummary }): React.ReactNode {
  const addresses = useGuestAddresses(machine)
  return (
    <section>
      <h2 className="mf-h">{text.network.inside}<small>{machine.agent === 'answering' ? text.network.fromAgent : text.network.agentSilent}</small></h2>
      {addresses?.length === 0 ? <p className="mf-sm mf-2">{text.network.noGuestAddress}</p> : null}
      <ul className="mf-list">
        {addresses?.map(({ interface: name, address }) => (
          <li key={`${name} ${address}`}><code>{address}</code><span className="mf-3">{name}</span><span className="mf-push"><CopyButton size="small" text={address} name={text.copyOf(address)} copiedWord={text.copied} /></span></li>
        ))}
      </ul>
    </section>
  )
}
