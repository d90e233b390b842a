/** What keeps machines from running well on this host, worst first, and what helps. */
import { ChevronDown, ChevronRight, RotateCcw } from 'lucide-react'
import { useCallback, useEffect, useState } from 'react'
import type { MayflyError } from '../../../contract/errors.ts'
import type { DiagnosticResult, DoctorReport } from '../../../contract/host.ts'
import { engine } from '../../state/connection.ts'
import { toMayflyError } from '../../state/failure.ts'
import { text } from '../../text/text.ts'
import { formatTook, formatWhen } from '../../text/time.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Note } from '../../ui/note.tsx'
import { StateShape } from '../../ui/state-shape.tsx'
import './doctor.css'

type Status = DiagnosticResult['status']

const shapes = { ok: 'ok', warning: 'warning', problem: 'crashed', unknown: 'unknown' } as const
const filters = ['all', 'problem', 'warning', 'unknown', 'ok'] as const

interface Checked {
  readonly report: DoctorReport
  readonly at: number
  readonly tookMs: number
}

export function DoctorPage(): React.ReactNode {
  const [checked, setChecked] = useState<Checked>()
  const [error, setError] = useState<MayflyError>()
  const [busy, setBusy] = useState(false)
  const [filter, setFilter] = useState<Status | 'all'>('all')

  const check = useCallback(() => {
    const begun = performance.now()
    setBusy(true)
    engine.host.doctor({}).then(
      (report) => {
        setChecked({ report, at: Date.now(), tookMs: performance.now() - begun })
        setError(undefined)
      },
      (failure: unknown) => setError(toMayflyError(failure)),
    ).finally(() => setBusy(false))
  }, [])
  useEffect(check, [check])

  const results = checked?.report.results ?? []
  const shown = results.filter(({ status }) => filter === 'all' || status === filter)
  const report = results.map(({ title, status, found, tried, concerns, remedies }) => [`${status}: ${title}`, `  found: ${found}`, `  tried: ${tried}`, ...(concerns === '' ? [] : [`  concerns: ${concerns}`]), ...remedies.map(({ text: remedy, command }) => `  remedy: ${remedy}${command === null ? '' : ` (${command})`}`)].join('\n')).join('\n')
  return (
    <div className="mf-page">
      <div className="mf-page-head">
        <div className="mf-grow">
          <h1>{text.nav.doctor}</h1>
          <p role="status">{busy ? text.doctor.checking : checked === undefined ? '' : text.doctor.checked(results.length, formatTook(checked.tookMs), formatWhen(checked.at, checked.at))}</p>
        </div>
        <CopyButton look="quiet" size="large" text={report} name={text.doctor.copyReport} word={text.doctor.copyReport} copiedWord={text.copied} />
        <Button look="quiet" size="large" icon={RotateCcw} aria-busy={busy} onClick={check}>{text.doctor.again}</Button>
      </div>
      <div className="doctor">
        <nav className="doctor-nav" aria-label={text.doctor.groups}>
          {filters.map((value) => {
            const amount = value === 'all' ? results.length : results.filter(({ status }) => status === value).length
            return <button key={value} type="button" aria-pressed={filter === value} onClick={() => setFilter(value)}>{value === 'all' ? null : <StateShape shape={shapes[value]} />}{text.doctor.status[value]}<small>{amount}</small></button>
          })}
        </nav>
        <div className="doctor-list mf-scroll">
          {error === undefined ? null : <Note kind="bad" title={text.doctor.cannot} live actions={<Button size="small" onClick={check}>{text.tryAgain}</Button>}><p>{error.message} {error.next ?? ''}</p></Note>}
          {checked === undefined && error === undefined ? Array.from({ length: 8 }, (_, index) => <div key={index} className="mf-still doctor-still" />) : null}
          {checked !== undefined && shown.length === 0 ? <p className="doctor-none mf-2">{text.doctor.none}</p> : null}
          <ul>{shown.map((result, index) => <Check key={result.id} result={result} first={index === 0} />)}</ul>
        </div>
      </div>
    </div>
  )
}

function Check({ result, first }: { readonly result: DiagnosticResult; readonly first: boolean }): React.ReactNode {
  const [opened, setOpened] = useState(first && result.status !== 'ok')
  const Chevron = opened ? ChevronDown : ChevronRight
  return (
    <li className="doctor-check">
      <button type="button" className="doctor-row" aria-expanded={opened} onClick={() => setOpened(!opened)}>
        <StateShape shape={shapes[result.status]} label={text.doctor.status[result.status]} />
        <b>{result.title}</b>
        <span className="mf-2 mf-clip mf-grow">{opened ? '' : result.concerns === '' ? result.found : result.concerns}</span>
        <Chevron size={12} aria-hidden />
      </button>
      {opened ? (
        <div className="doctor-body">
          <dl className="mf-dl">
            <dt>{text.doctor.found}</dt><dd>{result.found}</dd>
            <dt>{text.doctor.tried}</dt><dd>{result.tried}</dd>
            {result.concerns === '' ? null : <><dt>{text.doctor.concerns}</dt><dd>{result.concerns}</dd></>}
          </dl>
          {result.remedies.map((remedy, index) => (
            <div key={remedy.text} className="doctor-remedy">
              <p>{remedy.text}{remedy.needsRoot ? ` ${text.doctor.needsRoot}` : ''}</p>
              {remedy.command === null ? null : <><code className="mf-cli">{remedy.command}</code><CopyButton look={first && index === 0 ? 'filled' : 'default'} text={remedy.command} name={text.doctor.copyCommand} word={text.doctor.copyCommand} copiedWord={text.copied} /></>}
            </div>
          ))}
        </div>
      ) : null}
    </li>
  )
}
