/** How output may look on where it goes: colours only for a terminal whose owner wants them. */

export interface Style {
  /** Columns of the terminal; infinite where output is read by a program. */
  readonly columns: number
  readonly colour: boolean
}

export type Colour = 'red' | 'green' | 'yellow' | 'blue' | 'dim' | 'bold'

const codes: Readonly<Record<Colour, readonly [on: number, off: number]>> = { red: [31, 39], green: [32, 39], yellow: [33, 39], blue: [34, 39], dim: [2, 22], bold: [1, 22] }

export function paint(style: Style, colour: Colour | undefined, text: string): string {
  if (!style.colour || colour === undefined || text === '') return text
  const [on, off] = codes[colour]
  return `\u{1b}[${on}m${text}\u{1b}[${off}m`
}

interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
}

/** The style for a stream, by what it is and by NO_COLOR, TERM and `--no-color`. */
export function styleFor(output: Output, env: NodeJS.ProcessEnv, noColor: boolean): Style {
  const terminal = output.isTTY === true
  const refused = noColor || (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb'
  return { columns: terminal ? terminalSize(output).columns : Number.POSITIVE_INFINITY, colour: terminal && !refused }
}

/** A terminal that does not know its size, or says 0, is taken for the usual 80 by 24; none is larger than the contract allows. */
export function terminalSize({ columns = 0, rows = 0 }: { readonly columns?: number; readonly rows?: number }): { columns: number; rows: number } {
  return { columns: columns > 0 ? Math.min(columns, 1000) : 80, rows: rows > 0 ? Math.min(rows, 1000) : 24 }
}
