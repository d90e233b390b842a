/** An expected failure that came as JSON, as an error again. */
import type { ErrorDetails } from '../errors.ts'
import { isErrorCode, MayflyError } from '../errors.ts'

/** Whatever the other side sent becomes an error of the contract: what is none is told as our fault. */
export function fromErrorRecord(value: unknown): MayflyError {
  if (typeof value === 'object' && value !== null) {
    const { code, message, details, next } = value as Record<string, unknown>
    if (typeof code === 'string' && isErrorCode(code) && typeof message === 'string' && typeof details === 'object' && details !== null) {
      return new MayflyError(code, message, details as ErrorDetails[typeof code], typeof next === 'string' ? { next } : {})
    }
  }
  return new MayflyError('bug', 'The engine answered with something that is not an answer.', { reference: 'wire' }, { cause: value })
}
