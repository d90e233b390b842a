/** All cells of a run at a glance. Click takes one into the comparison, Shift click compares that one alone. */
import type { Run, RunCell } from '../../../contract/run.ts'
import { text } from '../../text/text.ts'
import { StateShape } from '../../ui/state-shape.tsx'
import { nameOfCell, rowsOfPlain, tableOf } from './matrix-table.ts'
import { outcomeOf, shapeOfCell, tookOf } from './run-words.ts'

interface RunMatrixProps {
  readonly run: Run
  readonly chosen: readonly number[]
  readonly now: number
  readonly onChoose: (cell: RunCell, replace: boolean) => void
}

const looks: Readonly<Record<RunCell['state'], string>> = { waiting: '', starting: 'rn-cell-busy', running: 'rn-cell-busy', passed: 'rn-cell-ok', failed: 'rn-cell-bad', 'timed-out': 'rn-cell-bad', cancelled: '' }

export function RunMatrix({ run, chosen, now, onChoose }: RunMatrixProps): React.ReactNode {
  const table = tableOf(run, text.runs)
  const cellButton = (cell: RunCell): React.ReactNode => (
    <button type="button" className={`rn-cell ${looks[cell.state]}`} aria-pressed={chosen.includes(cell.index)} title={cell.reason ?? undefined} onClick={(event) => onChoose(cell, event.shiftKey)} onKeyDown={keyed}>
      <span className="mf-hidden">{text.runs.cellTold(nameOfCell(run, cell, text.runs), text.runs.cellStates[cell.state])}</span>
      <StateShape shape={shapeOfCell(cell)} />
      <span className="mf-clip">{outcomeOf(cell)}</span>
      <span className="rn-cell-took">{tookOf(cell, now)}</span>
    </button>
  )
  return (
    <div className="rn-matrix-place mf-scroll">
      {table === undefined ? (
        <div className="rn-plain" role="group" aria-label={text.runs.matrixLabel}>{rowsOfPlain(run.cells).flat().map((cell) => <div key={cell.index}>{cellButton(cell)}</div>)}</div>
      ) : (
        <table className="rn-table-matrix" aria-label={text.runs.matrixLabel}>
          <thead><tr><td>{text.runs.cells(run.cells.length)}</td>{table.columns.map((value) => <th key={value} scope="col">{table.key} {value}</th>)}</tr></thead>
          <tbody>{table.rows.map(({ name, cells }) => <tr key={name}><th scope="row">{name === '' ? (table.rows.length > 1 ? text.runs.repeat(1) : text.runs.noValues) : name}</th>{table.columns.map((value, index) => <td key={value}>{cells[index] === undefined ? null : cellButton(cells[index])}</td>)}</tr>)}</tbody>
        </table>
      )}
    </div>
  )
}

/** Arrows walk the cells. */
function keyed(event: React.KeyboardEvent<HTMLButtonElement>): void {
  const all = [...(event.currentTarget.closest('.rn-matrix-place')?.querySelectorAll<HTMLElement>('.rn-cell') ?? [])]
  const here = event.currentTarget.getBoundingClientRect()
  const beside = all.filter((cell) => {
    const place = cell.getBoundingClientRect()
    switch (event.key) {
      case 'ArrowRight': return place.top === here.top && place.left > here.left
      case 'ArrowLeft': return place.top === here.top && place.left < here.left
      case 'ArrowDown': return place.left === here.left && place.top > here.top
      case 'ArrowUp': return place.left === here.left && place.top < here.top
      default: return false
    }
  })
  const next = event.key === 'ArrowRight' || event.key === 'ArrowDown' ? beside[0] : beside.at(-1)
  if (next === undefined) return
  event.preventDefault()
  next.focus()
}
