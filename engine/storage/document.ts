/**
 * JSON files that outlive versions. A two-field stub (format, version) is read first, then the
 * schema of that version, then the migrations. A file that does not parse is reported, never
 * overwritten with defaults, never deleted.
 */
import { readFile as readFileWithCallback } from 'node:fs'
import { basename } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { MayflyError } from '../../contract/errors.ts'
import { writeFileAtomic } from './atomic-file.ts'

/** Node's own promise variant needs more turns for each file: 110 ms instead of 70 for those of 500 machines. */
const readFile = promisify(readFileWithCallback)

const stubSchema = z.object({ format: z.string(), version: z.int().min(1) })

/** One step up: reads documents of version `from` (by their own frozen schema) and returns version `from + 1`. */
export interface Migration {
  readonly from: number
  readonly schema: z.ZodType
  readonly migrate: (document: never) => unknown
}

export interface DocumentKind<S extends z.ZodType> {
  readonly format: string
  readonly version: number
  /** Strict, and includes the literal `format` and `version`. */
  readonly schema: S
  /** Ascending by `from`, without holes. */
  readonly migrations: readonly Migration[]
}

/**
 * Reads and migrates a document in memory; the file is not touched. Throws `not-found` where it
 * is missing, `storage-corrupt` where it does not parse, `schema-too-new` where a newer Mayfly wrote it.
 */
export async function readDocument<S extends z.ZodType>(path: string, kind: DocumentKind<S>): Promise<z.output<S>> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') {
      throw new MayflyError('not-found', `${path} does not exist.`, { kind: 'file', ref: path }, { cause })
    }
    throw corrupt(path, 'it cannot be read', cause)
  }
  return parseDocument(text, path, kind)
}

/** As `readDocument`, from text that was already read. `path` is for messages. */
export function parseDocument<S extends z.ZodType>(text: string, path: string, kind: DocumentKind<S>): z.output<S> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw corrupt(path, text.trim() === '' ? 'it is empty' : 'it is not whole JSON', cause)
  }
  const stub = stubSchema.safeParse(value)
  if (!stub.success || stub.data.format !== kind.format) throw corrupt(path, `it is not a file of the format ${kind.format}`)
  let { version } = stub.data
  if (version > kind.version) {
    throw new MayflyError('schema-too-new', `${basename(path)} was written by a newer Mayfly (version ${version}; this one reads up to ${kind.version}). Nothing was changed.`, { file: path, version, supported: kind.version }, { next: 'Use the newer Mayfly.' })
  }
  for (const migration of kind.migrations) {
    if (migration.from < version) continue
    const before = migration.schema.safeParse(value)
    if (!before.success) throw corrupt(path, firstIssue(before.error))
    // Of the very schema that checked it; a list of migrations cannot say so.
    value = migration.migrate(before.data as never)
    version = migration.from + 1
  }
  const result = kind.schema.safeParse(value)
  if (!result.success) throw corrupt(path, firstIssue(result.error))
  return result.data
}

/** Replaces a document atomically; `durable` and `ready` as for `writeFileAtomic`. */
export async function writeDocument<S extends z.ZodType>(path: string, kind: DocumentKind<S>, document: z.output<S>, durable = true, ready?: Promise<unknown>): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(kind.schema.parse(document), null, 2)}\n`, 0o600, durable, ready)
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0]
  if (issue === undefined) return 'it does not match its schema'
  const where = issue.path.join('.')
  return where === '' ? issue.message : `${where}: ${issue.message}`
}

function corrupt(path: string, reason: string, cause?: unknown): MayflyError<'storage-corrupt'> {
  return new MayflyError('storage-corrupt', `${path} cannot be used: ${reason}. It was left as it is.`, { file: path, reason }, { ...(cause === undefined ? {} : { cause }), next: 'Repair the file, or restore it from a backup.' })
}
