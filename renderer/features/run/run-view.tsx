/** One run: its cells as they end, and up to three of them side by side. */
import { Checkbox, Menu, SegmentedControl } from '@mantine/core'
import { ChevronDown, CircleStop, FolderDown, LayoutGrid, Pencil, RotateCcw } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { MayflyError } from '../../../contract/errors.ts'
import type { Run, RunCell } from '../../../contract/run.ts'
import { engine } from '../../state/connection.ts'
import { toMayflyError } from '../../state/failure.ts'
import { recall, remember } from '../../state/memory.ts'
import { useMirror } from '../../state/mirror.ts'
import { useNow } from '../../state/now.ts'
import { go } from '../../state/place.ts'
import { changeRunDraft } from '../../state/run-draft.ts'
import { readStream, saveFile } from '../../state/save-file.ts'
import { text } from '../../text/text.ts'
import { formatClock, formatDuration } from '../../text/time.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Note } from '../../ui/note.tsx'
import { formatMiB } from '../../ui/size-text.ts'
import { StateShape } from '../../ui/state-shape.tsx'
import { CellColumn } from './cell-column.tsx'
import type { CompareView } from './cell-column.tsx'
import { findDiffering } from './differing-lines.ts'
import { nameOfCell } from './matrix-table.ts'
import { draftLike, givenFiles, hasOwnEnvironment, planRun } from './plan-run.ts'
import { RunMatrix } from './run-matrix.tsx'
import { isOver, shapeOfRun, tallyOf } from './run-words.ts'

const besideAtMost = 3
const views: readonly CompareView[] = ['output', 'serial', 'files']

export function RunView({ run }: { readonly run: Run }): React.ReactNode {
  const now = useNow()
  const template = useMirror(({ templates }) => templates.find(({ machine }) => machine === run.template.id))
  const [chosen, setChosen] = useState<readonly number[]>()
  const [view, setView] = useState<CompareView>('output')
  const [marking, setMarking] = useState(true)
  // Most commands draw nothing, and what they wrote is what is compared.
  const [showsScreens, setShowsScreens] = useState(() => recall('run-screens', isBoolean, false))
  const [outputs, setOutputs] = useState<Readonly<Record<number, readonly string[]>>>({})
  const [problem, setProblem] = useState<{ readonly doing: keyof typeof text.runs.notDone; readonly error: MayflyError }>()

  const shown = (chosen ?? usualCells(run)).filter((index) => index < run.cells.length)
  const cells = shown.flatMap((index) => run.cells[index] ?? [])
  const differing = useMemo(() => (marking && shown.length > 1 && view !== 'files' ? findDiffering(shown.map((index) => ({ lines: outputs[index] ?? [], whole: isOver(run.cells[index]) }))) : undefined), [marking, shown, outputs, view, run.cells])
  const tally = tallyOf(run.cells)
  const tookMs = (run.endedAt === null ? now : Date.parse(run.endedAt)) - Date.parse(run.startedAt)
  const alive = run.cells.some(({ machine }) => machine !== null)

  async function attempt(doing: keyof typeof text.runs.notDone, call: () => Promise<unknown>): Promise<void> {
    setProblem(undefined)
    try {
      await call()
    } catch (error) {
      setProblem({ doing, error: toMayflyError(error) })
    }
  }
  const again = (): Promise<void> => attempt('again', async () => {
    const { request } = planRun(draftLike(run), template === undefined ? [] : [template])
    if (request === undefined) return
    const { run: next } = await engine.run.start({ ...request, ...givenFiles(draftLike(run)) })
    go({ view: 'runs', run: next.id })
  })
  const saveEvidence = (): Promise<void> => attempt('evidence', async () => {
    const { ticket } = await engine.run.evidence({ run: run.id })
    await saveFile(await readStream(ticket), `run-${run.number}.tar`, text.runs.openEvidence)
  })
  function choose(cell: RunCell, replace: boolean): void {
    if (replace) setChosen([cell.index])
    else if (shown.includes(cell.index)) setChosen(shown.filter((index) => index !== cell.index))
    else setChosen([...shown.slice(shown.length >= besideAtMost ? 1 : 0), cell.index])
  }

  return (
    <div className="rn">
      <div className="mh rn-head">
        <div className="mf-grow">
          <div className="mh-line">
            <h1>{text.runs.number(run.number)}</h1>
            <span className={`mh-state mh-state-${run.state === 'running' ? 'busy' : run.state === 'passed' ? 'running' : run.state === 'failed' ? 'crashed' : 'stopped'}`} role="status"><StateShape shape={shapeOfRun(run)} />{run.state === 'running' ? text.runs.done(tally.over, run.cells.length) : text.runs.states[run.state]}</span>
            <span className="mf-3 mf-sm mf-wide-only">{text.runs.startedAt(formatClock(run.startedAt, 'seconds'), formatDuration(tookMs / 1000))}</span>
          </div>
          <div className="mh-facts"><code className="mf-clip">{run.commandLine}</code><CopyButton size="small" text={run.commandLine} name={text.copyOf(run.commandLine)} copiedWord={text.copied} /></div>
        </div>
        <div className="mh-acts">
          {alive ? <Button look="quiet" size="large" icon={LayoutGrid} aria-label={text.runs.grid} onClick={() => go({ view: 'grid', of: 'run', id: run.id })}><span className="mh-word">{text.runs.grid}</span></Button> : null}
          <Button look="quiet" size="large" icon={FolderDown} aria-label={text.runs.openEvidence} tooltip={text.runs.evidenceMeans} cannot={run.state === 'running' ? text.runs.evidenceLater : undefined} onClick={() => void saveEvidence()}><span className="mh-word">{text.runs.openEvidence}</span></Button>
          {run.state === 'running' ? <Button look="quiet" size="large" danger icon={CircleStop} aria-label={text.runs.stop} onClick={() => void attempt('stop', () => engine.run.cancel({ run: run.id }))}><span className="mh-word">{text.runs.stop}</span></Button> : null}
          <span className="rn-split">
            <Button look="filled" size="large" icon={RotateCcw} className="rn-again" cannot={template === undefined ? text.runs.needTemplate : hasOwnEnvironment(run) ? text.runs.ownEnvironment : run.input?.kept === false ? text.runs.filesNotKept : undefined} onClick={() => void again()}>{text.runs.again}</Button>
            <Menu>
              <Menu.Target><IconButton look="filled" size="large" icon={ChevronDown} className="rn-more" name={text.runs.againChanged} /></Menu.Target>
              <Menu.Dropdown>
                <Menu.Item leftSection={<Pencil size={16} strokeWidth={1.75} aria-hidden />} onClick={() => {
                  changeRunDraft(draftLike(run))
                  go({ view: 'runs', run: 'new' })
                }}>{text.runs.againChanged}</Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </span>
        </div>
      </div>
      <div className="rn-facts">
        <span><span className="mf-3">{text.runs.facts.template}</span> {run.template.name}</span>
        {template === undefined ? null : <span><span className="mf-3">{text.runs.facts.each}</span> {text.templates.shape(text.machine.cpus(template.cpus), formatMiB(template.memoryMiB))}</span>}
        <span className="mf-wide-only"><span className="mf-3">{text.runs.facts.atOnce}</span> {run.parallel}</span>
        <span className="mf-wide-only"><span className="mf-3">{text.runs.facts.timeout}</span> {run.timeoutSeconds === null ? text.runs.noTimeout : formatDuration(run.timeoutSeconds)}</span>
        <span><span className="mf-3">{text.runs.facts.failedOnes}</span> {run.keepOnFailure ? text.runs.kept1h : text.runs.deleted}</span>
        <span className="mf-push rn-tally">
          {([['ok', tally.passed, text.runs.cellStates.passed], ['crashed', tally.failed, text.runs.cellStates.failed], ['busy', tally.going, text.runs.cellStates.running]] as const).map(([shape, amount, word]) => (amount === 0 ? null : <span key={shape}><StateShape shape={shape} label={word} /> {amount}</span>))}
        </span>
      </div>
      {problem === undefined ? null : <div className="rn-problem"><Note kind="bad" live title={text.runs.notDone[problem.doing]} actions={<Button size="small" look="quiet" onClick={() => setProblem(undefined)}>{text.error.dismiss}</Button>}>{problem.error.message} {problem.error.next}</Note></div>}
      <RunMatrix run={run} chosen={shown} now={now} onChoose={choose} />
      <div className="rn-compare-head">
        <b>{text.runs.sideBySide}</b>
        <span className="mf-3 mf-sm">{text.runs.sideOf(shown.length, run.cells.length)}</span>
        <SegmentedControl aria-label={text.runs.which} value={view} data={views.map((value) => ({ value, label: text.runs.views[value] }))} onChange={(value) => setView(views.find((one) => one === value) ?? 'output')} />
        <Checkbox size="xs" className="mf-push" label={text.runs.showScreens} checked={showsScreens} onChange={({ currentTarget }) => {
          setShowsScreens(currentTarget.checked)
          remember('run-screens', currentTarget.checked)
        }} />
        <Checkbox size="xs" className="rn-mark" label={text.runs.markDiffering} checked={marking} onChange={({ currentTarget }) => setMarking(currentTarget.checked)} />
      </div>
      {cells.length === 0 ? <p className="rn-choose mf-2">{text.runs.chooseCells}</p> : (
        <div className="rn-compare" style={{ gridTemplateColumns: `repeat(${cells.length}, minmax(0, 1fr))` }}>
          {cells.map((cell, index) => (
            <CellColumn
              key={cell.index}
              run={run}
              cell={cell}
              name={nameOfCell(run, cell, text.runs)}
              view={view}
              showsScreen={showsScreens}
              now={now}
              differing={differing?.[index]}
              onLines={(lines) => setOutputs((known) => (known[cell.index] === lines ? known : { ...known, [cell.index]: lines }))}
              onRemove={() => setChosen(shown.filter((one) => one !== cell.index))}
              onKeep={() => void attempt('keep', () => engine.run.keep({ run: run.id, cell: cell.index }))}
              onStop={() => void attempt('stop', () => engine.run.cancel({ run: run.id, cell: cell.index }))}
              onEvidence={() => void saveEvidence()}
            />
          ))}
        </div>
      )}
    </div>
  )
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean'
}

/** What one wants to see without a word: a failed one beside one that passed, or the first. */
function usualCells({ cells }: Run): readonly number[] {
  const failed = cells.find(({ state }) => state === 'failed' || state === 'timed-out')
  const passed = cells.find(({ state }) => state === 'passed')
  const going = cells.find(({ state }) => state === 'running')
  const found = [passed, failed, going].flatMap((cell) => (cell === undefined ? [] : [cell.index]))
  return found.length === 0 ? [0] : found
}
