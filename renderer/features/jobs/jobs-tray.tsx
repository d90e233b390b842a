/** Long work: what runs, what needs somebody, what ended. It never opens by itself. */
import { X } from 'lucide-react'
import { useState } from 'react'
import type { Job } from '../../../contract/job.ts'
import { engine } from '../../state/connection.ts'
import { toMayflyError } from '../../state/failure.ts'
import { useMirror } from '../../state/mirror.ts'
import { useNow } from '../../state/now.ts'
import { text } from '../../text/text.ts'
import { formatDuration, formatTook, formatWhen } from '../../text/time.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { formatBytes } from '../../ui/size-text.ts'
import { StateShape } from '../../ui/state-shape.tsx'
import './jobs.css'

const dayMs = 86_400_000

export function JobsTray({ onClose }: { readonly onClose: () => void }): React.ReactNode {
  const jobs = useMirror(({ jobs }) => jobs)
  const now = useNow()
  const running = jobs.filter(({ state }) => state === 'running')
  const failed = jobs.filter(({ state, endedAt }) => state === 'failed' && now - Date.parse(endedAt ?? '') < dayMs)
  const ended = jobs.filter((job) => job.state !== 'running' && !failed.includes(job))
  return (
    <div className="jobs" tabIndex={-1}>
      <div className="jobs-head">
        <b>{text.nav.jobs}</b>
        <span className="mf-sm mf-3">{running.length === 0 ? text.jobs.noneRunning : text.jobs.running(running.length)}</span>
        <IconButton className="mf-push" icon={X} size="small" name={text.close} onClick={onClose} />
      </div>
      <div className="jobs-list mf-scroll">
        {jobs.length === 0 ? <p className="jobs-none">{text.jobs.none}</p> : null}
        <ul>{running.map((job) => <RunningJob key={job.id} job={job} />)}</ul>
        {failed.length === 0 ? null : <h2>{text.jobs.needsYou}</h2>}
        <ul>{failed.map((job) => <EndedJob key={job.id} job={job} now={now} />)}</ul>
        {ended.length === 0 ? null : <h2>{text.jobs.finished}</h2>}
        <ul>{ended.map((job) => <EndedJob key={job.id} job={job} now={now} />)}</ul>
      </div>
      <p className="jobs-foot">{text.jobs.goOn}</p>
    </div>
  )
}

function RunningJob({ job }: { readonly job: Job }): React.ReactNode {
  const [error, setError] = useState<string>()
  const percent = job.progress === null ? undefined : Math.round(job.progress * 100)
  const facts = [job.stage, percent === undefined ? '' : `${percent} %`, job.bytesPerSecond === null ? '' : `${formatBytes(job.bytesPerSecond)}/s`].filter((fact) => fact !== '')
  return (
    <li>
      <StateShape shape="busy" label={text.jobs.state.running} />
      <div className="mf-grow">
        <div className="mf-row"><span className="mf-clip">{job.title}</span><Button className="mf-push" size="small" look="quiet" onClick={({ currentTarget }) => {
          // The button goes with the job; the keyboard stays in the tray.
          currentTarget.closest<HTMLElement>('.jobs')?.focus()
          void engine.job.cancel({ job: job.id }).catch((failure: unknown) => setError(toMayflyError(failure).message))
        }}>{text.cancel}</Button></div>
        <div className="mf-bar" role="progressbar" aria-label={job.title} aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent}><i style={{ width: `${percent ?? 0}%` }} /></div>
        <div className="jobs-facts"><span>{facts.join(', ')}</span><span className="mf-push">{job.remainingSeconds === null ? '' : text.jobs.left(formatDuration(job.remainingSeconds))}</span></div>
        {error === undefined ? null : <div className="mf-bad-line">{error}</div>}
      </div>
    </li>
  )
}

function EndedJob({ job, now }: { readonly job: Job; readonly now: number }): React.ReactNode {
  const shape = job.state === 'done' ? 'ok' : job.state === 'failed' ? 'crashed' : 'note'
  const took = job.endedAt === null ? '' : `${formatTook(Date.parse(job.endedAt) - Date.parse(job.startedAt))}, ${formatWhen(job.endedAt, now)}`
  const sentence = job.result?.sentence ?? (job.error === null ? text.jobs.state[job.state] : `${job.error.message} ${job.error.next ?? ''}`)
  return (
    <li>
      <StateShape shape={shape} label={text.jobs.state[job.state]} />
      <div className="mf-grow">
        <div className="mf-clip">{job.title}</div>
        <div className="jobs-facts"><span>{sentence}</span><span className="mf-push">{took}</span></div>
      </div>
    </li>
  )
}
