/** A new forward: where this host listens, and the port in the guest. Errors stand at their field. */
import { NativeSelect } from '@mantine/core'
import { ArrowRight, Plus } from 'lucide-react'
import { useState } from 'react'
import type { Nic } from '../../../contract/device.ts'
import type { MachineSummary } from '../../../contract/machine.ts'
import { engine } from '../../state/connection.ts'
import { useMirror } from '../../state/mirror.ts'
import { freePort, parseListen, parsePort, takenBy } from '../../state/ports.ts'
import { useChange } from '../../state/use-change.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/text-field.tsx'

export function AddForward({ nic, machine }: { readonly nic: Nic; readonly machine: MachineSummary }): React.ReactNode {
  const machines = useMirror(({ machines }) => machines)
  const { change, problem, busy } = useChange()
  const [listen, setListen] = useState('')
  const [guest, setGuest] = useState('')
  const [protocol, setProtocol] = useState<'tcp' | 'udp'>('tcp')
  const [tried, setTried] = useState(false)
  const to = parsePort(guest)
  const from = listen === '' && to !== undefined ? { hostAddress: '127.0.0.1', hostPort: freePort(machines, to < 1024 ? to + 2200 : to) } : parseListen(listen)
  const taken = from === undefined ? undefined : takenBy(machines, from.hostPort, protocol)
  const listenError = listen !== '' && from === undefined ? text.network.badListen : taken === undefined ? undefined : text.network.taken(taken, from?.hostPort ?? 0)
  const guestError = to === undefined && (guest !== '' || tried) ? text.network.badPort : undefined

  function add(event: React.FormEvent): void {
    event.preventDefault()
    setTried(true)
    if (from === undefined || to === undefined || taken !== undefined) return
    void change(text.network.add, () => engine.forward.add({ machine: machine.id, nic: nic.id, forward: { ...from, guestPort: to, protocol } })).then((done) => {
      if (!done) return
      setListen('')
      setGuest('')
      setTried(false)
    })
  }

  return (
    <form className="network-add" onSubmit={add}>
      <TextField label={text.network.onHost} value={listen} placeholder={from === undefined || listen !== '' ? '127.0.0.1:8080' : `${from.hostAddress}:${from.hostPort}`} error={listenError} className="network-listen" onChange={setListen} />
      <ArrowRight size={16} strokeWidth={1.75} aria-hidden className="network-arrow" />
      <TextField label={text.network.inGuest} value={guest} placeholder="80" error={guestError} inputMode="numeric" onChange={setGuest} />
      <NativeSelect size="xs" label={text.network.protocol} value={protocol} data={['tcp', 'udp']} onChange={(event) => setProtocol(event.currentTarget.value === 'udp' ? 'udp' : 'tcp')} classNames={{ label: 'network-label', input: 'network-select' }} />
      <Button icon={Plus} type="submit" aria-busy={busy} className="network-submit">{text.network.add}</Button>
      {taken === undefined || from === undefined ? null : <Button size="small" className="network-submit" onClick={() => setListen(`${from.hostAddress}:${freePort(machines, from.hostPort + 1)}`)}>{text.network.use(freePort(machines, from.hostPort + 1))}</Button>}
      {problem === undefined ? null : <div className="mf-bad-line network-problem" role="alert">{problem.error.message} {problem.error.next ?? ''}</div>}
    </form>
  )
}
