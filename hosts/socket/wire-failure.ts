/** Turns what came over the socket, or did not, into the contract's errors. */
import { isErrorCode, isMayflyError, MayflyError } from '../../contract/errors.ts'
import type { ErrorDetails } from '../../contract/errors.ts'

/** The error in an answer of the RPC library: `{json: {code, message, data: {details, next}}}`. */
export function fromWire(value: unknown): MayflyError {
  const error = field(value, 'json')
  const code = field(error, 'code')
  const message = field(error, 'message')
  const details = field(field(error, 'data'), 'details')
  const next = field(field(error, 'data'), 'next')
  if (typeof code === 'string' && isErrorCode(code) && typeof message === 'string' && typeof details === 'object' && details !== null) {
    return new MayflyError(code, message, details as ErrorDetails[typeof code], typeof next === 'string' ? { next } : {})
  }
  return new MayflyError('bug', 'The engine answered with something that is not an answer.', { reference: 'wire' }, { cause: value })
}

/** Whether a call failed because nobody listens: it was surely not begun. */
export function isNobodyThere(error: unknown): boolean {
  const code = isMayflyError(error) ? field(error.cause, 'code') : undefined
  return code === 'ENOENT' || code === 'ECONNREFUSED'
}

/** What a broken connection means. Nobody listening is told from an engine that went away in the middle. */
export function transportError(cause: unknown, socketPath: string): MayflyError {
  if (isMayflyError(cause)) return cause
  const code = field(cause, 'code')
  if (code === 'ENOENT' || code === 'ECONNREFUSED') {
    return new MayflyError('host-unavailable', 'No engine is running.', { check: 'engine' }, { cause })
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new MayflyError('host-unavailable', `The engine's socket ${socketPath} may not be opened by this user.`, { check: 'engine' }, { cause })
  }
  return new MayflyError('host-unavailable', 'The engine went away before it answered; what it was asked may or may not have been done. Machines run on.', { check: 'engine' }, { cause, next: 'Look at the state, then try again.' })
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}
