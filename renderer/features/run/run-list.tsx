/** The runs there were, the newest first. */
import { Play, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { MayflyError } from '../../../contract/errors.ts'
import type { Run } from '../../../contract/run.ts'
import { engine } from '../../state/connection.ts'
import { toMayflyError } from '../../state/failure.ts'
import { useMirror } from '../../state/mirror.ts'
import { useNow } from '../../state/now.ts'
import { go, pathOf } from '../../state/place.ts'
import { showToast } from '../../state/toast.ts'
import { text } from '../../text/text.ts'
import { formatDuration, formatWhen } from '../../text/time.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'
import { StateShape } from '../../ui/state-shape.tsx'
import { shapeOfRun, tallyOf } from './run-words.ts'

export function RunList(): React.ReactNode {
  const runs = useMirror(({ runs }) => runs)
  const live = useMirror(({ phase }) => phase === 'live')
  const now = useNow()
  const [error, setError] = useState<MayflyError>()
  const none = runs.length === 0 && live
  const start = (look: 'default' | 'filled'): React.ReactNode => <Button look={look} icon={Play} onClick={() => go({ view: 'runs', run: 'new' })}>{text.runs.start}</Button>

  async function remove(run: Run): Promise<void> {
    setError(undefined)
    try {
      await engine.run.remove({ run: run.id })
      showToast({ title: text.runs.removed(run.number) })
    } catch (failure) {
      setError(toMayflyError(failure))
    }
  }

  return (
    <div className="mf-page">
      <div className="mf-page-head">
        <div className="mf-grow"><h1>{text.runs.title}</h1><p>{text.runs.lead}</p></div>
        {none ? null : start('filled')}
      </div>
      <div className="mf-page-body mf-scroll">
        {error === undefined ? null : <Note kind="bad" live title={text.runs.notDone.remove}>{error.message} {error.next}</Note>}
        {none ? (
          <div className="mf-empty"><h2>{text.runs.none}</h2><p>{text.runs.noneMore}</p>{start('filled')}</div>
        ) : runs.length === 0 ? <div aria-busy>{[0, 1, 2].map((row) => <div key={row} className="mf-still rn-still" />)}</div> : (
          <table className="mf-table rn-table">
            <thead><tr><th className="rn-number">{text.runs.run}</th><th>{text.runs.command}</th><th className="rn-template">{text.runs.template}</th><th className="rn-result">{text.runs.result}</th><th className="rn-took">{text.runs.took}</th><th className="rn-when">{text.runs.started}</th><th className="rn-do"><span className="mf-hidden">{text.runs.actions}</span></th></tr></thead>
            <tbody>
              {runs.map((run) => {
                const tally = tallyOf(run.cells)
                const result = run.state === 'running' ? text.runs.done(tally.over, run.cells.length) : run.state === 'cancelled' ? text.runs.states.cancelled : text.runs.outcome(tally.passed, tally.failed)
                const tookMs = (run.endedAt === null ? now : Date.parse(run.endedAt)) - Date.parse(run.startedAt)
                return (
                  <tr key={run.id}>
                    <th scope="row"><a href={pathOf({ view: 'runs', run: run.id })} onClick={(event) => {
                      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return
                      event.preventDefault()
                      go({ view: 'runs', run: run.id })
                    }}>{text.runs.number(run.number)}</a></th>
                    <td className="mf-mono" title={run.commandLine}>{run.argv.join(' ')}</td>
                    <td>{run.template.name}</td>
                    <td><span className="mf-row rn-gap"><StateShape shape={shapeOfRun(run)} label={text.runs.states[run.state]} />{result}</span></td>
                    <td>{formatDuration(tookMs / 1000)}</td>
                    <td>{formatWhen(run.startedAt, now)}</td>
                    <td><IconButton size="small" icon={Trash2} name={text.runs.removeOf(run.number)} cannot={run.state === 'running' ? text.runs.states.running : undefined} onClick={() => void remove(run)} /></td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        )}
      </div>
    </div>
  )
}
