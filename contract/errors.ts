/**
 * Everything that can go wrong and is expected to. One closed table gives each code its
 * details, its CLI exit status and its HTTP status; nobody matches on message text.
 * Without a validator on purpose: whoever only throws or shows errors loads none.
 */

/** What each code tells besides its message. */
export interface ErrorDetails {
  /** The caller sent something the contract forbids. `issues` names each field. */
  'invalid-input': { issues: { path: string; message: string }[] }
  'not-found': { kind: string; ref: string }
  /** The thing exists but is in a state in which this is not legal. */
  conflict: { state: string; allowed: string[] }
  /** Something still needs it; `by` names what. */
  'in-use': { by: string[] }
  /** This QEMU, guest or host cannot do it. */
  unsupported: { needs: string; have: string }
  /** The host lacks something a diagnostic can explain; `check` is that diagnostic's id. */
  'host-unavailable': { check: string }
  'qemu-launch-failed': { exitCode: number | null; signal: string | null; stderrTail: string }
  /** QEMU answered a command with an error. `qmpClass` is QEMU's error class. */
  'qmp-failed': { command: string; qmpClass: string; description: string }
  /** The monitor went away in the middle of a command: the outcome is unknown. */
  'qmp-interrupted': { command: string }
  'job-failed': { job: string }
  'storage-corrupt': { file: string; reason: string }
  'schema-too-new': { file: string; version: number; supported: number }
  /** Bytes. `needed` is null where nobody knows beforehand. */
  'no-space': { path: string; needed: number | null; free: number | null }
  timeout: { waitedMs: number }
  cancelled: Record<string, never>
  /** Our fault. `reference` finds the entry in the engine's log. */
  bug: { reference: string }
}
export type ErrorCode = keyof ErrorDetails

interface ErrorMapping {
  /** Exit status of the CLI. 1 is kept for bugs and 2 for usage, as usual. */
  readonly exitStatus: number
  readonly httpStatus: number
  /** Whether the same call may succeed later without anyone changing anything. */
  readonly retryable: boolean
}

/** The one table from code to exit status and HTTP status. */
export const errorTable: Readonly<Record<ErrorCode, ErrorMapping>> = {
  bug: { exitStatus: 1, httpStatus: 500, retryable: false },
  'invalid-input': { exitStatus: 2, httpStatus: 400, retryable: false },
  'not-found': { exitStatus: 3, httpStatus: 404, retryable: false },
  conflict: { exitStatus: 4, httpStatus: 409, retryable: true },
  'in-use': { exitStatus: 5, httpStatus: 423, retryable: true },
  unsupported: { exitStatus: 6, httpStatus: 422, retryable: false },
  'host-unavailable': { exitStatus: 7, httpStatus: 503, retryable: false },
  'qemu-launch-failed': { exitStatus: 8, httpStatus: 502, retryable: false },
  'qmp-failed': { exitStatus: 9, httpStatus: 502, retryable: false },
  'qmp-interrupted': { exitStatus: 10, httpStatus: 502, retryable: true },
  'job-failed': { exitStatus: 11, httpStatus: 500, retryable: false },
  'storage-corrupt': { exitStatus: 12, httpStatus: 500, retryable: false },
  'schema-too-new': { exitStatus: 13, httpStatus: 501, retryable: false },
  'no-space': { exitStatus: 14, httpStatus: 507, retryable: true },
  timeout: { exitStatus: 15, httpStatus: 504, retryable: true },
  cancelled: { exitStatus: 16, httpStatus: 499, retryable: true },
}

export const errorCodes = Object.keys(errorTable) as readonly ErrorCode[]

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorTable, code)
}

interface MayflyErrorOptions {
  /** One sentence: what to do next. */
  readonly next?: string
  readonly cause?: unknown
}

/**
 * An expected failure. The message is a full sentence for people: what happened, to which
 * machine, and what was kept. `next` says what to do about it.
 */
export class MayflyError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'MayflyError'
  readonly code: C
  readonly details: ErrorDetails[C]
  readonly next: string | undefined

  constructor(code: C, message: string, details: ErrorDetails[C], options: MayflyErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.details = details
    this.next = options.next
  }

  get retryable(): boolean {
    return errorTable[this.code].retryable
  }
}

/** Narrows to an expected failure, optionally of one code. */
export function isMayflyError<C extends ErrorCode>(error: unknown, code?: C): error is MayflyError<C> {
  return error instanceof MayflyError && (code === undefined || error.code === code)
}

/** An expected failure as JSON: on stderr of `--json`, in a failed job, in a REST answer. */
export interface ErrorRecord {
  code: ErrorCode
  message: string
  details: Record<string, unknown>
  retryable: boolean
  next: string | null
}

export function toErrorRecord(error: MayflyError): ErrorRecord {
  return { code: error.code, message: error.message, details: { ...error.details }, retryable: error.retryable, next: error.next ?? null }
}
