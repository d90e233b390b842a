/** The time a line of a log begins with, told apart from the line, so that it can be shown as it is here. Pure. */

export interface TimedLine {
  /** Milliseconds since 1970; undefined: the line tells none. */
  readonly atMs: number | undefined
  readonly rest: string
}

/** As the engine writes it, in UTC. */
const utc = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z) ?/

export function splitTime(line: string): TimedLine {
  const written = utc.exec(line)?.[0]
  const atMs = written === undefined ? Number.NaN : Date.parse(written.trim())
  return written === undefined || Number.isNaN(atMs) ? { atMs: undefined, rest: line } : { atMs, rest: line.slice(written.length) }
}
