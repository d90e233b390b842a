/** How a failure is told: a sentence and a next step for people, the contract's record for programs; never a stack trace. */
import { randomBytes } from 'node:crypto'
import { errorTable, isMayflyError, MayflyError } from '../../contract/errors.ts'
import type { Io } from './io.ts'
import { safeLine, safeText } from './safe-text.ts'
import { paint, styleFor } from './style.ts'

interface Told {
  readonly json: boolean
  readonly noColor: boolean
}

/** Writes the failure to stderr. Returns the exit status. */
export function reportError(error: unknown, io: Io, { json, noColor }: Told): number {
  const expected = isMayflyError(error) ? error : bug()
  if (io.env['MAYFLY_DEBUG'] === '1') io.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  if (json) {
    const { code, message, details } = expected
    io.stderr.write(`${JSON.stringify({ error: { code, message, details } })}\n`)
  } else {
    const style = styleFor(io.stderr, io.env, noColor)
    const lines = [`${paint(style, 'red', 'mayfly:')} ${safeLine(expected.message)}`, ...more(expected)]
    if (expected.next !== undefined) lines.push(`        ${safeLine(expected.next)}`)
    io.stderr.write(`${lines.join('\n')}\n`)
  }
  return errorTable[expected.code].exitStatus
}

function bug(): MayflyError<'bug'> {
  const reference = `cli-${randomBytes(4).toString('hex')}`
  return new MayflyError('bug', `This is a fault of Mayfly itself (reference ${reference}).`, { reference }, { next: 'Run it again with MAYFLY_DEBUG=1 before it and report what it says.' })
}

/** What the details add to the sentence. */
function more(error: MayflyError): string[] {
  if (isMayflyError(error, 'qemu-launch-failed')) return block(error.details.stderrTail)
  if (isMayflyError(error, 'in-use')) return error.details.by.filter((name) => !error.message.includes(name)).map((name) => `        used by ${safeLine(name)}`)
  if (isMayflyError(error, 'invalid-input')) return error.details.issues.filter(({ message }) => !error.message.includes(message)).map(({ path, message }) => `        ${path === '' ? '' : `${safeLine(path)}: `}${safeLine(message)}`)
  return []
}

function block(text: string): string[] {
  return safeText(text).trim().split('\n').filter((line) => line !== '').slice(-8).map((line) => `        ${line}`)
}
