/** What the guest says its addresses are. It is the guest's word: text, never markup. */
import { useEffect, useState } from 'react'
import type { MachineSummary } from '../../../contract/machine.ts'
import { engine } from '../../state/connection.ts'
import { text } from '../../text/text.ts'
import { CopyButton } from '../../ui/copy-button.tsx'

interface GuestAddress {
  readonly interface: string
  readonly address: string
}

export function GuestAddresses({ machine }: { readonly machine: MachineSummary }): React.ReactNode {
  const [addresses, setAddresses] = useState<readonly GuestAddress[]>([])
  const answers = machine.agent === 'answering' && machine.state === 'running'
  useEffect(() => {
    if (!answers) return setAddresses([])
    const abort = new AbortController()
    engine.guest.info({ machine: machine.id }, { signal: abort.signal }).then(
      (info) => setAddresses(info.addresses.filter(({ address }) => !address.startsWith('127.') && address !== '::1')),
      () => setAddresses([]),
    )
    return () => abort.abort()
  }, [machine.id, answers])
  return (
    <section>
      <h2 className="mf-h">{text.network.inside}<small>{answers ? text.network.fromAgent : text.network.agentSilent}</small></h2>
      <ul className="mf-list">
        {addresses.map(({ interface: name, address }) => (
          <li key={`${name} ${address}`}><code>{address}</code><span className="mf-3">{name}</span><span className="mf-push"><CopyButton size="small" text={address} name={text.copyOf(address)} copiedWord={text.copied} /></span></li>
        ))}
      </ul>
    </section>
  )
}
