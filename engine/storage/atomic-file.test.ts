import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeFileAtomic } from './atomic-file.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-atomic-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('the old file stays where what is waited for fails, and nothing is left beside it', async () => {
  const path = join(folder, 'file')
  await writeFileAtomic(path, 'old')
  await expect(writeFileAtomic(path, 'new', 0o600, true, Promise.reject(new Error('not ready')))).rejects.toThrow('not ready')
  expect([await readdir(folder), await readFile(path, 'utf8')]).toEqual([['file'], 'old'])
})

test('a failure of what is waited for is heard also where the file cannot be written', async () => {
  const unheard: unknown[] = []
  const note = (error: unknown): void => void unheard.push(error)
  process.on('unhandledRejection', note)
  try {
    await expect(writeFileAtomic(join(folder, 'missing', 'file'), 'new', 0o600, true, Promise.reject(new Error('not ready')))).rejects.toMatchObject({ code: 'ENOENT' })
    // Node tells of them when it comes to the end of what is at hand.
    await new Promise((resolve) => setImmediate(resolve))
    expect(unheard).toEqual([])
  } finally {
    process.off('unhandledRejection', note)
  }
})
