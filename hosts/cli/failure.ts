/** Expected failures the command line raises itself. What a call rejects with is a `MayflyError` already. */
import { type ErrorDetails, type ErrorRecord, MayflyError } from '../../contract/errors.ts'

/** A command line that cannot be carried out: names the flag or place, and is raised before any call. */
export function usageError(path: string, message: string, next?: string): MayflyError<'invalid-input'> {
  return new MayflyError('invalid-input', message, { issues: [{ path, message }] }, next === undefined ? {} : { next })
}

/** A failure on record, such as a failed job's, to be thrown. */
export function recordedError(record: ErrorRecord): MayflyError {
  return new MayflyError(record.code, record.message, record.details as ErrorDetails[typeof record.code], record.next === null ? {} : { next: record.next })
}
