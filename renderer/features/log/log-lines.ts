/** A log as lines: only the last so many, without what steers a terminal. */
import { plainText } from '../../state/plain-text.ts'

export interface LogLines {
  readonly lines: readonly string[]
  /** The last line has not ended yet. */
  readonly open: boolean
}

export const noLines: LogLines = { lines: [], open: false }

/** What came is added; a line that has not ended goes on. */
export function addText({ lines, open }: LogLines, text: string, atMost: number): LogLines {
  if (text === '') return { lines, open }
  const parts = plainText(text).split('\n')
  const all = [...lines]
  const [first = '', ...rest] = parts
  if (open) all[all.length - 1] = `${all.at(-1) ?? ''}${first}`
  else all.push(first)
  all.push(...rest)
  const ended = all.at(-1) === ''
  if (ended) all.pop()
  return { lines: all.slice(-atMost), open: !ended }
}
