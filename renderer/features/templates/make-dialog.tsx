/** Asks what a template is made of, when it is ready, and how large its forks are and may become. */
import { Modal } from '@mantine/core'
import { useState } from 'react'
import type { MayflyError } from '../../../contract/errors.ts'
import { engine } from '../../state/connection.ts'
import { toMayflyError } from '../../state/failure.ts'
import { findTiny } from '../../state/find-tiny.ts'
import { isOn } from '../../state/machine-looks.ts'
import { useMirror } from '../../state/mirror.ts'
import { closeOverlay } from '../../state/overlay.ts'
import { tinyImage } from '../../state/tiny-image.ts'
import { go } from '../../state/place.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { Choice } from '../../ui/choice.tsx'
import { Note } from '../../ui/note.tsx'
import { SelectField } from '../../ui/select-field.tsx'
import { formatMiB, parseSizeMiB } from '../../ui/size-text.ts'
import { TextField } from '../../ui/text-field.tsx'
import './templates.css'

const words = text.templates.dialog
const readies = ['usual', 'agent', 'helper', 'serial', 'command'] as const
type Ready = (typeof readies)[number]
/** Stands for an image that has to be built first. */
const tinyToBuild = 'tiny'

interface MakeTemplateDialogProps {
  /** Of the template to make anew. */
  readonly name: string | undefined
  /** What to make it of. */
  readonly machine: string | undefined
}

export function MakeTemplateDialog({ name: again, machine: given }: MakeTemplateDialogProps): React.ReactNode {
  const templates = useMirror(({ templates }) => templates)
  const images = useMirror(({ images }) => images).filter(({ kind, broken }) => kind !== 'iso' && broken === null)
  const machines = useMirror(({ machines }) => machines).filter(({ role, state }) => role === 'machine' && state !== 'broken')
  const before = templates.find((one) => one.name === again)
  const [name, setName] = useState(again ?? '')
  const [of, setOf] = useState<'image' | 'machine'>(given === undefined ? 'image' : 'machine')
  const [image, setImage] = useState<string>(before?.image?.id ?? findTiny(images)?.id ?? images[0]?.id ?? tinyToBuild)
  const [machine, setMachine] = useState<string>(given ?? machines[0]?.id ?? '')
  const [ready, setReady] = useState<Ready>(readyOf(before?.ready))
  const [readyText, setReadyText] = useState(before?.ready.split(':').slice(1).join(':') ?? '')
  const [cpus, setCpus] = useState('')
  const [memory, setMemory] = useState('')
  const [mostCpus, setMostCpus] = useState(before === undefined ? '' : String(before.ceilings.cpus))
  const [mostMemory, setMostMemory] = useState(before === undefined ? '' : formatMiB(before.ceilings.memoryMiB))
  const [minutes, setMinutes] = useState('10')
  const [tried, setTried] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<MayflyError>()

  const chosen = machines.find(({ id }) => id === machine)
  const options = [...images.map(({ id, name: word }) => ({ value: id as string, word })), ...(findTiny(images) === undefined ? [{ value: tinyToBuild, word: words.tinyBuilt }] : [])]
  const asksText = ready === 'serial' || ready === 'command'
  const numberOf = (typed: string): number | undefined => (/^\s*[1-9]\d{0,3}\s*$/.test(typed) ? Number(typed) : undefined)
  const sizeOf = (typed: string): number | undefined => {
    const size = parseSizeMiB(typed, 'MiB')
    return size === undefined || size < 16 ? undefined : size
  }
  const bad = (typed: string, parse: (typed: string) => number | undefined, sentence: string): string | undefined => (typed.trim() === '' || parse(typed) !== undefined ? undefined : sentence)
  const problems = {
    name: name.trim() === '' ? words.nameEmpty : machines.some((one) => one.name === name.trim()) ? words.nameTaken(name.trim()) : undefined,
    ready: asksText && readyText.trim() === '' ? words.emptyReady : undefined,
    cpus: bad(cpus, numberOf, words.badCpus),
    memory: bad(memory, sizeOf, words.badSize),
    mostCpus: bad(mostCpus, numberOf, words.badCpus) ?? ((numberOf(mostCpus) ?? Number.POSITIVE_INFINITY) < (numberOf(cpus) ?? 0) ? words.lessThanStart : undefined),
    mostMemory: bad(mostMemory, sizeOf, words.badSize) ?? ((sizeOf(mostMemory) ?? Number.POSITIVE_INFINITY) < (sizeOf(memory) ?? 0) ? words.lessThanStart : undefined),
    minutes: (numberOf(minutes) ?? 0) >= 1 && (numberOf(minutes) ?? 0) <= 1440 ? undefined : words.badMinutes,
  }
  const wrong = Object.values(problems).some((problem) => problem !== undefined) || (of === 'machine' && chosen === undefined)

  async function make(): Promise<void> {
    setTried(true)
    if (wrong) return
    setBusy(true)
    setError(undefined)
    try {
      const given = <K extends string>(key: K, value: number | undefined): { [key in K]?: number } => (value === undefined ? {} : { [key]: value } as { [key in K]: number })
      const source = of === 'machine' ? { machine } : { image: image === tinyToBuild ? await tinyImage() : image }
      await engine.template.make({
        name: name.trim(), ...source, timeoutSeconds: (numberOf(minutes) ?? 10) * 60,
        ...(ready === 'usual' ? {} : { ready: asksText ? `${ready}:${readyText.trim()}` : ready }),
        ...given('cpus', numberOf(cpus)), ...given('memoryMiB', sizeOf(memory)), ...given('maxCpus', numberOf(mostCpus)), ...given('maxMemoryMiB', sizeOf(mostMemory)),
      })
      closeOverlay()
      go({ view: 'templates' })
    } catch (failure) {
      setError(toMayflyError(failure))
      setBusy(false)
    }
  }

  return (
    <Modal opened onClose={closeOverlay} title={again === undefined ? words.title : words.titleAgain(again)} size={560} closeButtonProps={{ 'aria-label': text.close }}>
      <form onSubmit={(event) => {
        event.preventDefault()
        void make()
      }}>
        <div className="ask-form">
          <TextField label={words.name} value={name} maxLength={80} hint={words.nameMore} error={tried || name !== '' ? problems.name : undefined} data-autofocus={again === undefined ? true : undefined} onChange={setName} />
          <Choice label={words.of} value={of} values={['image', 'machine']} words={words.ofs} hint={of === 'machine' && chosen !== undefined ? (isOn(chosen.state) ? words.machineOn : words.machineOff) : undefined} onChange={setOf} />
          {of === 'image' ? <SelectField label={words.image} value={image} options={options} onChange={setImage} /> : machines.length === 0 ? <Note kind="note">{words.noMachines}</Note> : <SelectField label={words.machine} value={machine} options={machines.map(({ id, name: word }) => ({ value: id as string, word }))} onChange={setMachine} />}
          <div className={asksText ? 'tp-two' : ''}>
            <SelectField label={words.ready} value={ready} options={readies.map((value) => ({ value, word: words.readies[value] }))} onChange={(value) => setReady(readies.find((one) => one === value) ?? 'usual')} />
            {asksText ? <TextField label={ready === 'serial' ? words.serialText : words.command} value={readyText} error={tried ? problems.ready : undefined} onChange={setReadyText} /> : null}
          </div>
          <div className="tp-two">
            <TextField label={words.cpus} value={cpus} inputMode="numeric" placeholder={words.asImage} error={problems.cpus} onChange={setCpus} />
            <TextField label={words.memory} value={memory} placeholder={words.asImage} error={problems.memory} onChange={setMemory} />
            <TextField label={words.mostCpus} value={mostCpus} inputMode="numeric" placeholder={words.asImage} hint={words.mostMore} error={problems.mostCpus} onChange={setMostCpus} />
            <TextField label={words.mostMemory} value={mostMemory} placeholder={words.asImage} error={problems.mostMemory} onChange={setMostMemory} />
          </div>
          <TextField label={words.timeout} value={minutes} inputMode="numeric" error={problems.minutes} onChange={setMinutes} />
          {error === undefined ? null : <Note kind="bad" live title={words.notMade}>{error.message} {error.next}</Note>}
        </div>
        <div className="ask-foot">
          <Button onClick={closeOverlay}>{text.cancel}</Button>
          <Button look="filled" type="submit" cannot={busy ? text.checkpoint.wait : undefined}>{words.make}</Button>
        </div>
      </form>
    </Modal>
  )
}

function readyOf(condition: string | undefined): Ready {
  return readies.find((one) => condition === one || condition?.startsWith(`${one}:`) === true) ?? 'usual'
}
