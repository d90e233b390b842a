/**
 * One place where what a procedure threw becomes an expected failure of the contract. Whatever
 * the transport: input the schema refuses is `invalid-input` with the field's path, a call
 * somebody aborted is `cancelled`, and what nobody expected is `bug` with a reference, its
 * text kept to the log, because it may name files and arguments that are nobody's business.
 */
import { randomBytes } from 'node:crypto'
import { mapEventIterator, ORPCError } from '@orpc/client'
import { ValidationError } from '@orpc/contract'
import { errorTable, isErrorCode, isMayflyError, MayflyError } from '../contract/errors.ts'
import type { ErrorDetails } from '../contract/errors.ts'
import type { EngineLog } from './engine-face.ts'
import './plain-issues.ts'

/** Most fields named in one refusal, and most characters of each: a hostile input must not be answered by a larger one. */
const maxIssues = 20
const maxIssueCharacters = 300

interface CallContext {
  /** The procedure, as `machine.start`. */
  readonly procedure: string
  readonly signal?: AbortSignal | undefined
  readonly log: EngineLog
}

/** What a procedure threw, as the contract's error. Logs what is our fault. */
export function toMayflyError(error: unknown, context: CallContext): MayflyError {
  if (isMayflyError(error)) return error
  if (isOrpcError(error)) {
    const known = fromOrpcError(error)
    if (known !== undefined) return known
  }
  if (context.signal?.aborted === true) return new MayflyError('cancelled', `${context.procedure} was cancelled.`, {})
  const reference = randomBytes(4).toString('hex')
  context.log.bug(reference, error)
  return new MayflyError('bug', `Something unexpected happened in ${context.procedure}; this is a fault of Mayfly.`, { reference }, { cause: error, next: `The engine's log tells more under ${reference}.` })
}

/** The same failure as the RPC library carries it. */
export function toWireError(error: MayflyError): ORPCError<string, unknown> {
  return new ORPCError(error.code, { status: errorTable[error.code].httpStatus, message: error.message, data: { details: error.details, next: error.next ?? null }, cause: error })
}

/** Runs a call so that it, and the iterator it may answer with, fails with `convert(error)` only. */
export async function withErrors<T>(call: () => Promise<T>, convert: (error: unknown) => Error): Promise<T> {
  let output: T
  try {
    output = await call()
  } catch (error) {
    throw convert(error)
  }
  if (!isAsyncIterator(output)) return output
  return mapEventIterator(output, { value: async (value) => value, error: async (error) => convert(error) }) as T
}

function isAsyncIterator(value: unknown): value is AsyncIterator<unknown, unknown, void> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value && 'next' in value
}

function fromOrpcError(error: ORPCError<string, unknown>): MayflyError | undefined {
  if (error.code === 'BAD_REQUEST') {
    const found = error.cause instanceof ValidationError ? error.cause.issues.flatMap(issuesOf) : [{ path: '', message: 'This is not a well-formed call.' }]
    // One for each field, the last: a schema's own bounds come after those of its type.
    const issues = [...new Map(found.map((issue) => [issue.path, issue])).values()].slice(0, maxIssues)
    const fields = issues.slice(0, 3).map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
    return new MayflyError('invalid-input', `${fields.join(' ')} Nothing was changed.`, { issues })
  }
  // A handler may throw the library's typed errors; they carry the contract's data.
  if (isErrorCode(error.code) && isErrorData(error.data)) {
    return new MayflyError(error.code, error.message, error.data.details, error.data.next === null ? {} : { next: error.data.next })
  }
  return undefined
}

function isOrpcError(error: unknown): error is ORPCError<string, unknown> {
  return error instanceof ORPCError
}

function isErrorData(data: unknown): data is { details: ErrorDetails[keyof ErrorDetails]; next: string | null } {
  return typeof data === 'object' && data !== null && 'details' in data && typeof data.details === 'object' && 'next' in data && (data.next === null || typeof data.next === 'string')
}

interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

function issuesOf(issue: SchemaIssue): { path: string; message: string }[] {
  const path = (issue.path ?? []).map((segment) => String(typeof segment === 'object' ? segment.key : segment))
  // zod names unknown fields beside the path of the object that holds them.
  if ('code' in issue && issue.code === 'unrecognized_keys' && 'keys' in issue && Array.isArray(issue.keys)) {
    return issue.keys.map((key) => ({ path: shorten([...path, String(key)].join('.')), message: 'There is no such field.' }))
  }
  return [{ path: shorten(path.join('.')), message: asSentence(shorten(issue.message)) }]
}

function shorten(text: string): string {
  return text.length > maxIssueCharacters ? `${text.slice(0, maxIssueCharacters)}…` : text
}

function asSentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`
}
