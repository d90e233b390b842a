import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { isMayflyError } from '../../contract/errors.ts'
import { type DocumentKind, readDocument, writeDocument } from './document.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-document-'))
  file = join(folder, 'thing.json')
})
afterEach(() => rm(folder, { recursive: true }))

const kind = {
  format: 'thing',
  version: 3,
  schema: z.strictObject({ format: z.literal('thing'), version: z.literal(3), names: z.array(z.string()), color: z.string() }),
  migrations: [
    { from: 1, schema: z.strictObject({ format: z.literal('thing'), version: z.literal(1), name: z.string() }), migrate: (old: { name: string }) => ({ format: 'thing', version: 2, names: [old.name] }) },
    { from: 2, schema: z.strictObject({ format: z.literal('thing'), version: z.literal(2), names: z.array(z.string()) }), migrate: (old: { names: string[] }) => ({ ...old, version: 3, color: 'none' }) },
  ],
} as const satisfies DocumentKind<z.ZodType>

async function outcome(): Promise<unknown> {
  try {
    return await readDocument(file, kind)
  } catch (error) {
    if (isMayflyError(error)) return error.code
    throw error
  }
}

test('what was written is read again, and nothing else is left in the folder', async () => {
  const document = { format: 'thing' as const, version: 3 as const, names: ['a'], color: 'blue' }
  await writeDocument(file, kind, document)
  expect(await outcome()).toEqual(document)
  expect(await readdir(folder)).toEqual(['thing.json'])
})

test('an older version is read through every migration, and the file stays as it was', async () => {
  const text = JSON.stringify({ format: 'thing', version: 1, name: 'a' })
  await writeFile(file, text)
  expect(await outcome()).toEqual({ format: 'thing', version: 3, names: ['a'], color: 'none' })
  expect(await readFile(file, 'utf8')).toBe(text)
})

test.each([
  ['torn', '{"format":"thing","version":3,"na', 'storage-corrupt'],
  ['empty', '', 'storage-corrupt'],
  ['zeroes', '\0'.repeat(64), 'storage-corrupt'],
  ['another format', '{"format":"other","version":1}', 'storage-corrupt'],
  ['an unknown field', '{"format":"thing","version":3,"names":[],"color":"x","extra":1}', 'storage-corrupt'],
  ['an old version that does not fit its own schema', '{"format":"thing","version":1,"nome":"a"}', 'storage-corrupt'],
  ['a newer version', '{"format":"thing","version":4,"whatever":true}', 'schema-too-new'],
])('%s is reported and left as it is', async (_what, text, code) => {
  await writeFile(file, text)
  expect(await outcome()).toBe(code)
  expect(await readFile(file, 'utf8')).toBe(text)
})

test('a missing file is not found', async () => {
  expect(await outcome()).toBe('not-found')
})
