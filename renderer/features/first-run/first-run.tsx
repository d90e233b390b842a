/** Before there is a machine: one press to one that runs, and what this host can do, measured. */
import { Download, Play, Plus } from 'lucide-react'
import { useRef } from 'react'
import { addFile, chooseFile, hasFileDialog, imageExtensions } from '../../state/adding.ts'
import { keys } from '../../state/keys.ts'
import { openOverlay } from '../../state/overlay.ts'
import { useTiny, useTinyJob } from '../../state/tiny-image.ts'
import { text } from '../../text/text.ts'
import { formatDuration } from '../../text/time.ts'
import { Button } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'
import { formatBytes } from '../../ui/size-text.ts'
import { StateShape } from '../../ui/state-shape.tsx'
import { HostFacts } from './host-facts.tsx'
import { startTinyMachine, useStarting } from './start-tiny-machine.ts'
import './first-run.css'

export function FirstRun(): React.ReactNode {
  return (
    <div className="fr mf-scroll">
      <div className="fr-columns">
        <section className="fr-go" aria-labelledby="fr-title">
          <h1 id="fr-title">{text.firstRun.title}</h1>
          <p className="fr-lead mf-2">{text.firstRun.lead}</p>
          <StartButton />
          <button type="button" className="fr-big" aria-keyshortcuts={keys.newMachine.aria} onClick={() => openOverlay({ kind: 'wizard' })}>
            <Plus size={16} strokeWidth={1.75} aria-hidden />
            <span><b>{text.firstRun.create}</b><small>{text.firstRun.createMeans}</small></span>
            <kbd className="mf-kbd mf-push">{keys.newMachine.shown}</kbd>
          </button>
          <DropHint />
        </section>
        <HostFacts />
      </div>
    </div>
  )
}

function StartButton(): React.ReactNode {
  const tiny = useTiny()
  const job = useTinyJob()
  const { busy, error } = useStarting()
  const start = (): void => void startTinyMachine()
  const percent = job?.progress == null ? undefined : Math.round(job.progress * 100)
  return (
    <>
      <button type="button" className="fr-big fr-filled" aria-disabled={busy || undefined} onClick={start}>
        <Play size={16} strokeWidth={1.75} aria-hidden />
        <span className="mf-grow">
          <b>{busy ? (job === undefined ? text.firstRun.starting : text.wizard.buildingTiny) : text.firstRun.start}</b>
          <small aria-live="polite">{busy ? [job?.stage, percent === undefined ? undefined : `${percent} %`, job?.remainingSeconds == null ? undefined : text.jobs.left(formatDuration(job.remainingSeconds))].filter((part) => part !== undefined).join(', ') || text.firstRun.starting : tiny === undefined ? text.firstRun.startAbsent : text.firstRun.startPresent(formatBytes(tiny.sizeBytes))}</small>
        </span>
        {busy ? <StateShape shape="busy" /> : null}
      </button>
      {busy && job !== undefined ? <div className="mf-bar fr-bar" role="progressbar" aria-label={text.wizard.buildingTiny} aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent}><i style={{ width: `${percent ?? 0}%` }} /></div> : null}
      {error === undefined ? null : <div className="fr-note"><Note kind="bad" live title={text.firstRun.notStarted} actions={<Button size="small" onClick={start}>{text.tryAgain}</Button>}>{error.message} {error.next}</Note></div>}
    </>
  )
}

function DropHint(): React.ReactNode {
  const input = useRef<HTMLInputElement>(null)
  const choose = async (): Promise<void> => {
    if (!hasFileDialog()) input.current?.click()
    else if ((await chooseFile()) !== undefined) openOverlay({ kind: 'wizard' })
  }
  return (
    <div className="fr-drop">
      <Download size={16} strokeWidth={1.75} aria-hidden />
      <span>{text.firstRun.dropBefore}<button type="button" className="mf-link" onClick={() => void choose()}>{text.firstRun.chooseFile}</button></span>
      <input
        ref={input}
        type="file"
        hidden
        accept={imageExtensions.map((extension) => `.${extension}`).join()}
        onChange={({ target }) => {
          const files = [...(target.files ?? [])]
          target.value = ''
          files.forEach(addFile)
          if (files.length > 0) openOverlay({ kind: 'wizard' })
        }}
      />
    </div>
  )
}

