/**
 * Everything that can go wrong and is expected to. One closed table gives each code its
 * details, its CLI exit status and its HTTP status; nobody matches on message text.
 */
import { z } from 'zod'

const detailSchemas = {
  /** The caller sent something the contract forbids. `issues` names each field. */
  'invalid-input': z.object({ issues: z.array(z.object({ path: z.string(), message: z.string() })) }),
  'not-found': z.object({ kind: z.string(), ref: z.string() }),
  /** The thing exists but is in a state in which this is not legal. */
  conflict: z.object({ state: z.string(), allowed: z.array(z.string()) }),
  /** Something still needs it; `by` names what. */
  'in-use': z.object({ by: z.array(z.string()) }),
  /** This QEMU, guest or host cannot do it. */
  unsupported: z.object({ needs: z.string(), have: z.string() }),
  /** The host lacks something a diagnostic can explain; `check` is that diagnostic's id. */
  'host-unavailable': z.object({ check: z.string() }),
  'qemu-launch-failed': z.object({ exitCode: z.number().nullable(), signal: z.string().nullable(), stderrTail: z.string() }),
  /** QEMU answered a command with an error. `qmpClass` is QEMU's error class. */
  'qmp-failed': z.object({ command: z.string(), qmpClass: z.string(), description: z.string() }),
  /** The monitor went away in the middle of a command: the outcome is unknown. */
  'qmp-interrupted': z.object({ command: z.string() }),
  'job-failed': z.object({ job: z.string() }),
  'storage-corrupt': z.object({ file: z.string(), reason: z.string() }),
  'schema-too-new': z.object({ file: z.string(), version: z.number(), supported: z.number() }),
  /** Bytes. `needed` is null where nobody knows beforehand. */
  'no-space': z.object({ path: z.string(), needed: z.number().nullable(), free: z.number().nullable() }),
  timeout: z.object({ waitedMs: z.number() }),
  cancelled: z.object({}),
  /** Our fault. `reference` finds the entry in the engine's log. */
  bug: z.object({ reference: z.string() }),
} as const

export type ErrorCode = keyof typeof detailSchemas
export type ErrorDetails = { [C in ErrorCode]: z.infer<(typeof detailSchemas)[C]> }

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

/** Details as they travel: the schema of one code. */
export function errorDetailsSchema<C extends ErrorCode>(code: C): (typeof detailSchemas)[C] {
  return detailSchemas[code]
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
export const errorRecordSchema = z.object({
  code: z.enum(errorCodes as [ErrorCode, ...ErrorCode[]]),
  message: z.string(),
  details: z.record(z.string(), z.unknown()),
  retryable: z.boolean(),
  next: z.string().nullable(),
})
export type ErrorRecord = z.infer<typeof errorRecordSchema>

export function toErrorRecord(error: MayflyError): ErrorRecord {
  return { code: error.code, message: error.message, details: { ...error.details }, retryable: error.retryable, next: error.next ?? null }
}
