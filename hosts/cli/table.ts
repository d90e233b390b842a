/** Aligned tables and lists of facts. Every cell is made harmless and one line high here, whatever it came from. */
import { safeLine } from './safe-text.ts'
import { type Colour, paint, type Style } from './style.ts'
import { cutMiddle, pad, textWidth } from './text-width.ts'

export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
  /** May be cut in the middle, down to this many columns, where the terminal is narrow. */
  readonly cutTo?: number
}

export type Cell = string | { readonly text: string; readonly colour: Colour | undefined }

function textOf(cell: Cell): string {
  return safeLine(typeof cell === 'string' ? cell : cell.text)
}

const gap = 2

/** Rows below their titles. Columns in which no row has anything are left out. */
export function table(columns: readonly Column[], rows: readonly (readonly Cell[])[], style: Style): string {
  const texts = rows.map((row) => row.map(textOf))
  const used = columns.map((_, index) => texts.some((row) => (row[index] ?? '') !== ''))
  const widths = columns.map(({ title }, index) => (used[index] === true ? Math.max(textWidth(title), ...texts.map((row) => textWidth(row[index] ?? ''))) : 0))
  shrink(columns, widths, style.columns)
  const line = (cells: readonly string[], colours: readonly (Colour | undefined)[]): string => {
    const shown = columns.flatMap(({ align }, index) => {
      if (used[index] !== true) return []
      const width = widths[index] ?? 0
      return [paint(style, colours[index], pad(cutMiddle(cells[index] ?? '', width), width, align === 'right' ? 'right' : 'left'))]
    })
    return `${shown.join(' '.repeat(gap)).trimEnd()}\n`
  }
  const head = line(columns.map(({ title }) => title), columns.map(() => 'dim' as const))
  return head + rows.map((row, index) => line(texts[index] ?? [], row.map((cell) => (typeof cell === 'string' ? undefined : cell.colour)))).join('')
}

/** Takes from the widest column that may be cut, until the table fits or nothing is left to take. */
function shrink(columns: readonly Column[], widths: number[], available: number): void {
  const total = (): number => widths.filter((width) => width > 0).reduce((sum, width) => sum + width + gap, -gap)
  for (let excess = total() - available; excess > 0; excess = total() - available) {
    let widest = -1
    for (const [index, { cutTo }] of columns.entries()) {
      const width = widths[index] ?? 0
      if (cutTo !== undefined && width > cutTo && width > (widths[widest] ?? 0)) widest = index
    }
    const cutTo = columns[widest]?.cutTo
    if (cutTo === undefined) return
    const width = widths[widest] ?? 0
    const next = Math.max(0, ...columns.map(({ cutTo: other }, index) => (other !== undefined && index !== widest ? (widths[index] ?? 0) : 0)))
    widths[widest] = Math.max(cutTo, width - excess, Math.min(width - 1, next))
  }
}

/** `term  text`, terms aligned; what is empty is left out; text of several lines is indented. */
export function facts(entries: readonly (readonly [term: string, text: Cell | undefined])[], style: Style): string {
  const present = entries.flatMap(([term, cell]) => (cell === undefined || textOf(cell) === '' ? [] : [[term, cell] as const]))
  const width = Math.max(0, ...present.map(([term]) => textWidth(term)))
  return present
    .map(([term, cell]) => {
      const text = typeof cell === 'string' ? cell : cell.text
      const colour = typeof cell === 'string' ? undefined : cell.colour
      const lines = text.split('\n').map((line) => paint(style, colour, safeLine(line)))
      return `${paint(style, 'dim', pad(term, width))}${' '.repeat(gap)}${lines.join(`\n${' '.repeat(width + gap)}`)}\n`
    })
    .join('')
}
