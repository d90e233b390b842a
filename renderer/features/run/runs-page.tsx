/** Throwaway runs: all of them, one of them, or the form that starts one. */
import { useMirror } from '../../state/mirror.ts'
import { go } from '../../state/place.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { RunForm } from './run-form.tsx'
import { RunList } from './run-list.tsx'
import { RunView } from './run-view.tsx'
import './run.css'

export function RunsPage({ run: id }: { readonly run: string | undefined }): React.ReactNode {
  const run = useMirror(({ runs }) => runs.find((one) => one.id === id))
  const live = useMirror(({ phase }) => phase === 'live')
  if (id === undefined) return <RunList />
  if (id === 'new') return <RunForm />
  if (run !== undefined) return <RunView key={run.id} run={run} />
  if (!live) return <div aria-busy />
  return (
    <div className="mp-centre">
      <div className="mf-empty">
        <h1 className="mf-h">{text.runs.gone}</h1>
        <p>{text.runs.goneMore}</p>
        <Button onClick={() => go({ view: 'runs' })}>{text.runs.back}</Button>
      </div>
    </div>
  )
}
