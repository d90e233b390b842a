/** What an OVA would become, with what can be chosen of it; the import itself is a job. */
import { Modal } from '@mantine/core'
import { useEffect, useState } from 'react'
import type { Appliance } from '../../../contract/appliance.ts'
import type { MayflyError } from '../../../contract/errors.ts'
import type { Job } from '../../../contract/job.ts'
import { fromErrorRecord } from '../../../contract/wire/error-record.ts'
import { engine } from '../../state/connection.ts'
import { toMayflyError } from '../../state/failure.ts'
import { useMirror } from '../../state/mirror.ts'
import { closeOverlay } from '../../state/overlay.ts'
import { go } from '../../state/place.ts'
import { showToast } from '../../state/toast.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'
import { formatMiB, parseSizeMiB } from '../../ui/size-text.ts'
import { TextField } from '../../ui/text-field.tsx'
import './wizard.css'

const words = text.appliance

export function ImportDialog({ file }: { readonly file: string }): React.ReactNode {
  const [appliance, setAppliance] = useState<Appliance>()
  const [error, setError] = useState<MayflyError>()
  useEffect(() => {
    const left = new AbortController()
    engine.machine.inspectAppliance({ file }, { signal: left.signal }).then(setAppliance, (cause: unknown) => {
      if (!left.signal.aborted) setError(toMayflyError(cause))
    })
    return () => left.abort()
  }, [file])
  return (
    <Modal opened onClose={closeOverlay} title={words.title} size={520} closeButtonProps={{ 'aria-label': text.close }}>
      {appliance === undefined ? (
        <>
          {error === undefined ? <p aria-busy>{words.reading}</p> : <Note kind="bad" live title={words.notRead}><p>{error.message} {error.next ?? ''}</p></Note>}
          <div className="ask-foot"><Button data-autofocus onClick={closeOverlay}>{error === undefined ? text.cancel : text.close}</Button></div>
        </>
      ) : <ImportForm file={file} appliance={appliance} />}
    </Modal>
  )
}

function ImportForm({ file, appliance }: { readonly file: string; readonly appliance: Appliance }): React.ReactNode {
  const machines = useMirror(({ machines }) => machines)
  const [name, setName] = useState(() => freeName(appliance.name, machines.map((machine) => machine.name)))
  const [cpus, setCpus] = useState(String(appliance.cpus))
  const [memory, setMemory] = useState(formatMiB(appliance.memoryMiB))
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<MayflyError>()
  const memoryMiB = parseSizeMiB(memory, 'MiB')
  const problems = {
    name: name.trim() === '' ? words.badName : machines.some((machine) => machine.name === name.trim()) ? words.nameTaken(name.trim()) : undefined,
    cpus: /^\s*[1-9]\d{0,2}\s*$/.test(cpus) && Number(cpus) <= 288 ? undefined : words.badCpus,
    memory: memoryMiB === undefined || memoryMiB < 16 ? words.badSize : undefined,
  }

  async function begin(event: React.FormEvent): Promise<void> {
    event.preventDefault()
    if (busy || memoryMiB === undefined || Object.values(problems).some((problem) => problem !== undefined)) return
    setBusy(true)
    try {
      // Written as the appliance has it, the size may have lost its last figures.
      const sizes = { cpus: Number(cpus), memoryMiB: memory === formatMiB(appliance.memoryMiB) ? appliance.memoryMiB : memoryMiB }
      const job = await engine.machine.import({ file, name: name.trim(), ...sizes })
      closeOverlay()
      showToast({ title: words.begun(name.trim()), message: words.begunMore })
      void tellOutcome(job, name.trim())
    } catch (cause) {
      setError(toMayflyError(cause))
      setBusy(false)
    }
  }

  return (
    <form onSubmit={(event) => void begin(event)}>
      <div className="ask-form">
        <TextField label={words.name} value={name} maxLength={80} error={problems.name} data-autofocus onChange={setName} />
        <TextField label={words.cpus} value={cpus} inputMode="numeric" error={problems.cpus} onChange={setCpus} />
        <TextField label={words.memory} value={memory} error={problems.memory} onChange={setMemory} />
        <section>
          <h3 className="mf-h">{words.becomes}</h3>
          <ul className="import-facts">
            <li>{words.hardware(appliance.firmware)}</li>
            {appliance.disks.map((disk, index) => <li key={index}>{words.disk(formatMiB(disk.sizeMiB), disk.bus)}</li>)}
            {appliance.nics.map((model, index) => <li key={index}>{words.nic(model)}</li>)}
          </ul>
        </section>
        {appliance.warnings.length === 0 ? null : <Note kind="note" title={words.warnings}>{appliance.warnings.map((warning) => <p key={warning}>{warning}</p>)}</Note>}
        {error === undefined ? null : <Note kind="bad" live title={words.notBegun}><p>{error.message} {error.next ?? ''}</p></Note>}
      </div>
      <div className="ask-foot">
        <Button onClick={closeOverlay}>{text.cancel}</Button>
        <Button look="filled" type="submit" aria-busy={busy}>{words.doImport}</Button>
      </div>
    </form>
  )
}

/** The dialog is gone by then. */
async function tellOutcome(job: Job, name: string): Promise<void> {
  try {
    const { result, error, state } = await engine.job.wait({ job: job.id })
    const machine = result?.machine
    if (machine !== undefined) showToast({ title: words.done(name), message: result?.sentence, onClick: () => go({ view: 'machines', machine }) })
    else if (error !== null && state === 'failed') showToast({ title: words.failed(name), message: fromErrorRecord(error).message, stays: true })
  } catch {
    // The engine is away; the list of jobs tells when it is back.
  }
}

function freeName(wanted: string, taken: readonly string[]): string {
  let name = wanted
  for (let number = 2; taken.includes(name); number++) name = `${wanted} ${number}`
  return name
}
