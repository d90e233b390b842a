/** How the cells of a run stand in a table: the last key of its matrix across, the others down, repeats beneath each other. Pure. */
import type { Run, RunCell } from '../../../contract/run.ts'

export interface MatrixTable {
  /** Values of the key that goes across; one empty head where there is none. */
  readonly key: string | undefined
  readonly columns: readonly string[]
  readonly rows: readonly { readonly name: string; readonly cells: readonly (RunCell | undefined)[] }[]
}

interface TableWords {
  readonly repeat: (number: number) => string
}

/** Cells without a matrix stand this many beside each other. */
const plainColumns = 4

/** Undefined: there is no matrix, only repeats. */
export function tableOf({ matrix, cells }: Pick<Run, 'matrix' | 'cells'>, words: TableWords): MatrixTable | undefined {
  const keys = Object.keys(matrix)
  const across = keys.at(-1)
  if (across === undefined) return undefined
  const down = keys.slice(0, -1)
  const columns = matrix[across] ?? []
  const rows = new Map<string, (RunCell | undefined)[]>()
  const rowOf = (values: RunCell['values']): string => down.map((key) => `${key} ${values[key] ?? ''}`).join(', ')
  for (const cell of cells) {
    const column = columns.indexOf(cell.values[across] ?? '')
    const name = rowOf(cell.values)
    // A repeat goes into the first row of that name that has room.
    let number = 1
    let row: (RunCell | undefined)[] | undefined
    do {
      const key = number === 1 ? name : [name, words.repeat(number)].filter((part) => part !== '').join(', ')
      row = rows.get(key)
      if (row === undefined) {
        row = columns.map(() => undefined)
        rows.set(key, row)
      }
      number++
    } while (row[column] !== undefined)
    row[column] = cell
  }
  return { key: across, columns, rows: [...rows].map(([name, inside]) => ({ name, cells: inside })) }
}

/** The same for a run without a matrix: its cells in order. */
export function rowsOfPlain(cells: readonly RunCell[]): RunCell[][] {
  return Array.from({ length: Math.ceil(cells.length / plainColumns) }, (_, row) => cells.slice(row * plainColumns, (row + 1) * plainColumns))
}

/** `postgres 17, python 3.13`; the number of the fork where there are no values. Repeats are told apart. */
export function nameOfCell(run: Pick<Run, 'matrix' | 'cells'>, cell: RunCell, words: TableWords & { readonly cellOf: (index: number) => string }): string {
  const values = Object.keys(run.matrix).map((key) => `${key} ${cell.values[key] ?? ''}`)
  if (values.length === 0) return words.cellOf(cell.index)
  const same = run.cells.filter((other) => Object.keys(run.matrix).every((key) => other.values[key] === cell.values[key]))
  const number = same.indexOf(cell) + 1
  return [...values, ...(number > 1 ? [words.repeat(number)] : [])].join(', ')
}
