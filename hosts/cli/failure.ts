/** Expected failures as the command line meets them: those it raises itself, and those it reads out of what a call threw. */
import { type ErrorRecord, isErrorCode, MayflyError, errorTable, toErrorRecord } from '../../contract/errors.ts'

/** A command line that cannot be carried out: names the flag or place, and is raised before any call. */
export function usageError(path: string, message: string, next?: string): MayflyError<'invalid-input'> {
  return new MayflyError('invalid-input', message, { issues: [{ path, message }] }, next === undefined ? {} : { next })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/**
 * The expected failure in whatever a call threw: our own error, or a transport's typed error whose
 * `data` carries the details. Undefined: a bug.
 */
export function errorRecordOf(error: unknown): ErrorRecord | undefined {
  if (error instanceof MayflyError) return toErrorRecord(error)
  if (!(error instanceof Error)) return undefined
  const { code, data } = error as Error & { code?: unknown; data?: unknown }
  if (typeof code !== 'string' || !isErrorCode(code) || !isRecord(data)) return undefined
  return {
    code,
    message: error.message,
    details: isRecord(data['details']) ? data['details'] : {},
    retryable: errorTable[code].retryable,
    next: typeof data['next'] === 'string' ? data['next'] : null,
  }
}

/** A failure someone else has put on record, to be thrown as ours. */
export class RecordedFailure extends Error {
  override readonly name = 'RecordedFailure'
  readonly code: string
  readonly data: { readonly details: Readonly<Record<string, unknown>>; readonly next: string | null }

  constructor(record: ErrorRecord) {
    super(record.message)
    this.code = record.code
    this.data = { details: record.details, next: record.next }
  }
}
