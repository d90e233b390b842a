/** Asks how many forks, from what, what they are called, how long they live and where to show them; then says how fast they were there. */
import { Modal, Switch } from '@mantine/core'
import { useState } from 'react'
import type { MayflyError } from '../../../contract/errors.ts'
import type { MachineSummary } from '../../../contract/machine.ts'
import { toMayflyError } from '../../state/failure.ts'
import { forkShows, makeForks, recallForkShow, rememberForkShow, tellForks } from '../../state/forking.tsx'
import type { ForkShow } from '../../state/forking.tsx'
import { isOn } from '../../state/machine-looks.ts'
import { useMachine } from '../../state/mirror.ts'
import { closeOverlay } from '../../state/overlay.ts'
import { useTimeline } from '../../state/timeline.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { Choice } from '../../ui/choice.tsx'
import { Note } from '../../ui/note.tsx'
import { SelectField } from '../../ui/select-field.tsx'
import { TextField } from '../../ui/text-field.tsx'
import './fork-dialog.css'

const ttls = ['never', '600', '3600', '7200', '28800', '86400', '604800'] as const
type Ttl = (typeof ttls)[number]
/** The present, where a checkpoint could stand. */
const present = ''

export function ForkDialog({ machine: id, checkpoint }: { readonly machine: string; readonly checkpoint: string | undefined }): React.ReactNode {
  const machine = useMachine(id)
  return machine === undefined ? null : <ForkForm machine={machine} checkpoint={checkpoint} />
}

function ForkForm({ machine, checkpoint }: { readonly machine: MachineSummary; readonly checkpoint: string | undefined }): React.ReactNode {
  const { timeline } = useTimeline(machine.id)
  const [from, setFrom] = useState(checkpoint ?? present)
  const [count, setCount] = useState('1')
  const [name, setName] = useState('')
  const [throwaway, setThrowaway] = useState(false)
  const [ttl, setTtl] = useState<Ttl>('never')
  const [afterwards, setAfterwards] = useState<'start' | 'pause'>('start')
  const [wanted, setWhat] = useState<'auto' | 'disks'>('auto')
  const [show, setShow] = useState<ForkShow>(recallForkShow)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<MayflyError>()

  const point = timeline?.checkpoints.find((one) => one.id === from)
  const template = machine.role === 'template'
  const hasRam = template || (from === present ? isOn(machine.state) : point?.kind === 'ram' && point.ramRefused === null)
  const what = hasRam ? wanted : 'disks'
  const amount = /^\s*\d{1,3}\s*$/.test(count) ? Number(count) : Number.NaN
  const countError = amount >= 1 && amount <= 100 ? undefined : text.fork.badCount
  const nameError = amount > 1 && name.trim() !== '' && !name.includes('{n}') ? text.fork.namesNeedN : undefined
  const options = [
    { value: present, word: isOn(machine.state) || template ? text.fork.now : text.fork.nowOff },
    ...(timeline?.checkpoints ?? []).filter(({ broken }) => broken === null).toReversed().map(({ id, label, kind }) => ({ value: id as string, word: `${label}, ${text.timeline.kinds[kind]}` })),
  ]

  async function make(): Promise<void> {
    if (countError !== undefined || nameError !== undefined) return
    setBusy(true)
    setError(undefined)
    try {
      const outcome = await makeForks(machine.id, { count: amount, throwaway, paused: afterwards === 'pause', what: what === 'disks' && hasRam ? 'disks' : 'auto', ...(from === present ? {} : { checkpoint: from }), ...(name.trim() === '' ? {} : { name: name.trim() }), ...(ttl === 'never' ? {} : { ttlSeconds: Number(ttl) }) })
      rememberForkShow(show)
      closeOverlay()
      tellForks(machine, outcome, show)
    } catch (failure) {
      setError(toMayflyError(failure))
      setBusy(false)
    }
  }

  return (
    <Modal opened onClose={closeOverlay} title={text.fork.title(machine.name)} closeButtonProps={{ 'aria-label': text.close }} size={520}>
      <form onSubmit={(event) => {
        event.preventDefault()
        void make()
      }}>
        <div className="ask-form">
          <p className="mf-2">{text.fork.lead}</p>
          {template || options.length < 2 ? null : <SelectField label={text.fork.from} value={from} options={options} hint={hasRam ? text.fork.fromRam : text.fork.fromMore} onChange={setFrom} />}
          <div className="fork-two">
            <TextField label={text.fork.count} value={count} inputMode="numeric" error={countError} data-autofocus onChange={setCount} />
            <TextField label={text.fork.names} value={name} placeholder={`${machine.name}-fork-{n}`} maxLength={80} error={nameError} hint={text.fork.namesMore} onChange={setName} />
          </div>
          {hasRam ? <Choice label={text.fork.what} value={what} values={['auto', 'disks']} words={text.fork.whats} hint={what === 'disks' ? text.fork.disksMore : undefined} onChange={setWhat} /> : null}
          <div className="fork-two fork-even">
            <Choice label={text.fork.afterwards} value={afterwards} values={['start', 'pause']} words={text.fork.thens} onChange={setAfterwards} />
            <SelectField label={text.fork.ttl} value={ttl} options={ttls.map((value) => ({ value, word: text.fork.ttls[value] }))} onChange={(value) => setTtl(ttls.find((one) => one === value) ?? 'never')} />
          </div>
          <Switch label={text.fork.throwaway} description={text.fork.throwawayMore} checked={throwaway} onChange={({ currentTarget }) => setThrowaway(currentTarget.checked)} />
          <Choice label={text.fork.show} value={show} values={forkShows} words={text.fork.shows} onChange={setShow} />
          {error === undefined ? null : <Note kind="bad" live title={text.fork.notMade}>{error.message} {error.next}</Note>}
        </div>
        <div className="ask-foot">
          <Button onClick={closeOverlay}>{text.cancel}</Button>
          <Button look="filled" type="submit" cannot={busy ? text.fork.making : (countError ?? nameError)}>{text.fork.make(Number.isNaN(amount) ? 1 : amount)}</Button>
        </div>
      </form>
    </Modal>
  )
}
