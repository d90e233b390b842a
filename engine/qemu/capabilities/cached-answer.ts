/**
 * Answers that are expensive to get, kept in files. A cache may be deleted, torn or of another
 * version at any time: whatever does not fit exactly is as good as absent, never an error.
 */
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { makePrivateFolder, writeFileAtomic } from '../../storage/atomic-file.ts'

const cachedSchema = z.strictObject({ version: z.int(), key: z.unknown(), value: z.unknown() })

export interface CacheEntry<T> {
  readonly file: string
  /** Raised when the question changes, so that old answers are asked again. */
  readonly version: number
  /** JSON that says what the answer depends on. */
  readonly key: unknown
  readonly schema: z.ZodType<T>
}

/** What is kept in the file under exactly this version and key. */
export async function readCached<T>({ file, version, key, schema }: CacheEntry<T>): Promise<T | undefined> {
  try {
    const cached = cachedSchema.parse(JSON.parse(await readFile(file, 'utf8')))
    return cached.version === version && JSON.stringify(cached.key) === JSON.stringify(key) ? schema.parse(cached.value) : undefined
  } catch {
    return undefined
  }
}

/** Replaces what is kept in the file. A cache that cannot be written costs time at the next start and nothing else. */
export async function writeCached<T>({ file, version, key }: CacheEntry<T>, value: T): Promise<void> {
  try {
    await makePrivateFolder(dirname(file))
    await writeFileAtomic(file, `${JSON.stringify({ version, key, value })}\n`)
  } catch {
    // Deliberately nothing: see above.
  }
}
