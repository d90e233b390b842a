/** How a machine is reached and reaches out: its cards, cables and forwards, each with the address it is really bound to. */
import { Plus } from 'lucide-react'
import type { MachineSummary } from '../../../contract/machine.ts'
import type { Nic } from '../../../contract/device.ts'
import { engine } from '../../state/connection.ts'
import { useDetails } from '../../state/details.ts'
import { useChange } from '../../state/use-change.ts'
import { isOn } from '../../state/machine-looks.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Note } from '../../ui/note.tsx'
import { When } from '../../ui/when.tsx'
import { AddForward } from './add-forward.tsx'
import { GuestAddresses } from './guest-addresses.tsx'
import './network.css'

export function NetworkTab({ machine }: { readonly machine: MachineSummary }): React.ReactNode {
  const { details, error } = useDetails(machine.id)
  const { change, problem, busy } = useChange()
  const config = details?.config ?? null
  if (config === null) return <div className="mf-page-body">{error === undefined ? <div className="mf-still network-still" aria-busy /> : <Note kind="bad" title={text.network.cannotRead}><p>{error.message} {error.next ?? ''}</p></Note>}</div>
  return (
    <div className="mf-page-body mf-scroll network">
      {problem === undefined ? null : <Note kind="bad" title={text.error.couldNot(problem.doing)} live><p>{problem.error.message} {problem.error.next ?? ''}</p></Note>}
      {config.nics.length === 0 ? <div className="mf-empty"><h2>{text.network.none}</h2><p>{text.network.noneMore}</p></div> : null}
      {config.nics.map((nic, index) => <NicSection key={nic.id} nic={nic} machine={machine} index={index} mac={details?.hardware?.macs[nic.id]} />)}
      <section>
        <Button icon={Plus} aria-busy={busy} onClick={() => void change(text.network.addNic, () => engine.nic.add({ machine: machine.id }))}>{text.network.addNic}</Button>
        {isOn(machine.state) ? <span className="mf-sm mf-3 network-later">{text.network.addLater}</span> : null}
      </section>
      <GuestAddresses machine={machine} />
    </div>
  )
}

interface NicSectionProps {
  readonly nic: Nic
  readonly machine: MachineSummary
  readonly index: number
  readonly mac: string | undefined
}

function NicSection({ nic, machine, index, mac }: NicSectionProps): React.ReactNode {
  const { change, problem } = useChange()
  const { forwards } = nic.network
  return (
    <section>
      <h2 className="mf-h">
        {text.network.card(index + 1)}
        <small>{nic.model}, {nic.network.restrict ? text.network.restricted : text.network.user}{mac === undefined ? '' : `, ${mac}`}</small>
        <span className="mf-push mf-row">
          <Button size="small" look="quiet" onClick={() => void change(text.network.cable(!nic.connected), () => engine.nic.connect({ machine: machine.id, nic: nic.id, connected: !nic.connected }))}>{text.network.cable(!nic.connected)}</Button>
          <Button size="small" look="quiet" danger onClick={() => void change(text.network.remove, () => engine.nic.remove({ machine: machine.id, nic: nic.id }))}>{text.network.remove}</Button>
        </span>
      </h2>
      {nic.connected ? null : <Note kind="warning" title={text.network.cableOut}><p>{text.network.cableOutMore}</p></Note>}
      <table className="mf-table network-table">
        <thead><tr><th scope="col">{text.network.onHost}</th><th scope="col">{text.network.inGuest}</th><th scope="col">{text.network.protocol}</th><th scope="col">{text.network.who}</th><th scope="col"><span className="mf-hidden">{text.network.actions}</span></th></tr></thead>
        <tbody>
          {forwards.map((forward) => {
            const address = `${forward.hostAddress}:${forward.hostPort}`
            const bound = machine.forwards.some((one) => one.nic === nic.id && one.hostPort === forward.hostPort && one.protocol === forward.protocol)
            return (
              <tr key={`${forward.protocol} ${address}`}>
                <td><span className="mf-row"><code>{address}</code><CopyButton size="small" text={address} name={text.copyOf(address)} copiedWord={text.copied} /></span></td>
                <td><code>{forward.guestPort}</code> <span className="mf-3">{text.network.services[forward.guestPort] ?? ''}</span></td>
                <td>{forward.protocol}</td>
                <td className={forward.hostAddress.startsWith('127.') ? 'mf-2' : 'network-open'}>{forward.hostAddress.startsWith('127.') ? text.network.onlyHost : text.network.everybody}{isOn(machine.state) && !bound ? ` ${text.network.notBound}` : ''}</td>
                <td><Button size="small" look="quiet" danger onClick={() => void change(text.network.removeForward(address), () => engine.forward.remove({ machine: machine.id, nic: nic.id, hostPort: forward.hostPort, protocol: forward.protocol }))}>{text.network.remove}</Button></td>
              </tr>
            )
          })}
        </tbody>
      </table>
      {forwards.length === 0 ? <p className="network-none mf-2">{text.network.noForwards}</p> : null}
      <AddForward nic={nic} machine={machine} />
      {problem === undefined ? null : <div className="mf-bad-line" role="alert">{problem.error.message} {problem.error.next ?? ''}</div>}
      <p className="network-when"><When later={false} /> <span className="mf-sm mf-3">{text.network.nowMore}</span></p>
    </section>
  )
}
