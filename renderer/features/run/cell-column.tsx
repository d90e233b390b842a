/** One cell in the comparison: what became of it, what it wrote, its screen, and what can be kept of it. */
import { CircleStop, Monitor, Pin, X } from 'lucide-react'
import { useEffect, useEffectEvent } from 'react'
import type { Run, RunCell } from '../../../contract/run.ts'
import { useMachine } from '../../state/mirror.ts'
import { go } from '../../state/place.ts'
import { saveFile } from '../../state/save-file.ts'
import { text } from '../../text/text.ts'
import { formatDuration, formatTook } from '../../text/time.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { StateShape } from '../../ui/state-shape.tsx'
import { CopiedFiles } from './copied-files.tsx'
import { OutputLines } from './output-lines.tsx'
import { isOver, outcomeOf, shapeOfCell, tookOf } from './run-words.ts'
import { useCellScreen, useOutput, useSerial } from './use-output.ts'

export type CompareView = 'output' | 'serial' | 'files'

interface CellColumnProps {
  readonly run: Run
  readonly cell: RunCell
  readonly name: string
  readonly view: CompareView
  /** Whether its screen is shown beneath what it wrote. */
  readonly showsScreen: boolean
  readonly now: number
  /** Which lines differ from those beside it. */
  readonly differing: readonly boolean[] | undefined
  readonly onLines: (lines: readonly string[]) => void
  readonly onRemove: () => void
  readonly onKeep: () => void
  readonly onStop: () => void
  readonly onEvidence: () => void
}

const looks: Readonly<Record<RunCell['state'], string>> = { waiting: 'stopped', starting: 'busy', running: 'busy', passed: 'running', failed: 'crashed', 'timed-out': 'crashed', cancelled: 'stopped' }

export function CellColumn({ run, cell, name, view, showsScreen, now, differing, onLines, onRemove, onKeep, onStop, onEvidence }: CellColumnProps): React.ReactNode {
  const begun = cell.state !== 'waiting' && cell.state !== 'starting'
  const output = useOutput(run.id, cell.index, begun ? 'begun' : '', begun && view === 'output')
  const serial = useSerial(run.id, cell.index, cell.state, view === 'serial' && cell.state !== 'waiting')
  const screen = useCellScreen(run.id, cell.index, cell.state, cell.hasScreenshot)
  const machine = useMachine(cell.machine ?? undefined)
  const { lines, error, told, skippedBytes } = view === 'serial' ? serial : output
  const over = isOver(cell)
  const kept = over && machine !== undefined
  const tellLines = useEffectEvent(onLines)
  useEffect(() => tellLines(lines), [lines])

  const fileName = (kind: string): string => `run-${run.number}-${name}-${kind}`
  const saveLines = (kind: string): void => void saveFile(new Blob([`${lines.join('\n')}\n`], { type: 'text/plain' }), fileName(`${kind}.txt`), text.runs.evidence)
  function saveScreen(): void {
    const bytes = Uint8Array.from(atob(screen?.split(',')[1] ?? ''), (character) => character.charCodeAt(0))
    void saveFile(new Blob([bytes], { type: 'image/png' }), fileName('screen.png'), text.runs.evidence)
  }

  return (
    <article className={`rn-column rn-column-${looks[cell.state]}`} aria-label={name}>
      <header>
        <span className={`mh-state mh-state-${looks[cell.state]}`}><StateShape shape={shapeOfCell(cell)} />{text.runs.cellStates[cell.state]}</span>
        <b className="mf-clip" title={name}>{name}</b>
        <span className="mf-push mf-row rn-column-acts">
          {kept ? <Button size="small" look="quiet" icon={Monitor} aria-label={text.runs.openConsole} onClick={() => go({ view: 'machines', machine: machine.id, tab: 'console' })}><span className="mf-wide-only">{text.runs.openConsole}</span></Button> : null}
          {machine !== undefined && (cell.keptUntil !== null || !over) ? <Button size="small" look="quiet" icon={Pin} aria-label={text.runs.keep} tooltip={text.runs.keepMore} onClick={onKeep}><span className="mf-wide-only">{text.runs.keep}</span></Button> : null}
          {over ? null : <IconButton size="small" icon={CircleStop} name={text.runs.stop} onClick={onStop} />}
          <IconButton size="small" icon={X} name={text.runs.removeFromComparison(name)} onClick={onRemove} />
        </span>
      </header>
      <div className="rn-column-facts">
        <span className="mf-clip">{cell.reason ?? outcomeOf(cell)}</span>
        <span>{tookOf(cell, now)}</span>
        {kept ? <span>{cell.keptUntil === null ? text.runs.keptForGood : text.runs.kept(formatDuration((Date.parse(cell.keptUntil) - now) / 1000))}</span> : cell.readyMs === null ? null : <span>{text.runs.readyIn(formatTook(cell.readyMs))}</span>}
      </div>
      {view === 'files' ? (
        <CopiedFiles run={run.id} cell={cell.index} name={name} over={over} notes={cell.notes} />
      ) : (
        <OutputLines
          label={view === 'serial' ? text.runs.serialOf(name) : text.runs.outputOf(name)}
          lines={lines}
          differing={differing}
          said={error !== undefined ? error.message : !begun && view === 'output' ? text.runs.waitsForTurn : told && lines.length === 0 ? (over ? text.runs.nothingWritten : text.runs.nothingYet) : skippedBytes > 0 ? text.runs.skipped(skippedBytes) : undefined}
          follow={!over}
        />
      )}
      {!showsScreen ? null : <div className="rn-screen">{screen === undefined ? <span>{text.runs.noScreen}</span> : <img src={screen} alt={text.runs.lastScreen(name)} />}</div>}
      <footer>
        {over ? (
          <>
            <span className="mf-3">{text.runs.evidence}</span>
            {view === 'files' ? null : <button type="button" className="rn-link" onClick={() => saveLines(view)}>{text.runs.save[view]}</button>}
            {screen === undefined ? null : <button type="button" className="rn-link" onClick={saveScreen}>{text.runs.save.screen}</button>}
            <button type="button" className="rn-link" onClick={onEvidence}>{text.runs.save.all}</button>
          </>
        ) : <span className="mf-3">{text.runs.evidenceLater}</span>}
      </footer>
    </article>
  )
}
