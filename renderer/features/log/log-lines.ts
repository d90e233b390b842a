/** A log as lines: only the last so many, without what steers a terminal. */

export interface LogLines {
  readonly lines: readonly string[]
  /** The last line has not ended yet. */
  readonly open: boolean
}

/** Colours, cursor movements and titles, as terminals are told them. */
const steering = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])|[\u0000-\u0008\u000b-\u001f\u007f]/g

export const noLines: LogLines = { lines: [], open: false }

/** What came is added; a line that has not ended goes on. */
export function addText({ lines, open }: LogLines, text: string, atMost: number): LogLines {
  if (text === '') return { lines, open }
  const parts = text.replaceAll(/\r\n?/g, '\n').replaceAll(steering, '').split('\n')
  const all = [...lines]
  const [first = '', ...rest] = parts
  if (open) all[all.length - 1] = `${all.at(-1) ?? ''}${first}`
  else all.push(first)
  all.push(...rest)
  const ended = all.at(-1) === ''
  if (ended) all.pop()
  return { lines: all.slice(-atMost), open: !ended }
}
