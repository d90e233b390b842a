import { randomBytes } from 'node:crypto'
import { mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { copyWhole } from './copy-whole.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-whole-'))
})
afterEach(() => rm(folder, { recursive: true }))

const quiet = { signal: new AbortController().signal, onProgress: () => undefined }

/** A file of this size with data here and there. */
async function sparseFile(path: string, size: number, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode)
  await file.truncate(size)
  for (const at of [0, Math.floor(size / 2), Math.max(0, size - 5000)]) await file.write(randomBytes(Math.min(5000, size - at)), 0, undefined, at)
  await file.close()
}

test.each([0, 1, 4096, 100_000, 200_000_001])('a file of %i bytes is copied with its holes', async (size) => {
  const [source, target] = [join(folder, 'source'), join(folder, 'target')]
  await sparseFile(source, size, 0o444)
  await copyWhole(source, target, quiet)
  expect((await readFile(target)).equals(await readFile(source))).toBe(true)
  const [before, after] = [await stat(source), await stat(target)]
  expect(after.mode).toBe(before.mode)
  // A block more or less for how a file system keeps them.
  expect(after.blocks).toBeLessThanOrEqual(before.blocks + 64)
})

test('one that is cancelled in the middle leaves nothing; one that is there stays', async () => {
  const [source, target] = [join(folder, 'source'), join(folder, 'target')]
  await sparseFile(source, 300 * 1024 * 1024, 0o600)
  const stop = new AbortController()
  const shares: number[] = []
  const copying = copyWhole(source, target, {
    signal: stop.signal,
    onProgress: (share) => {
      shares.push(share)
      stop.abort(new Error('enough'))
    },
  })
  // A file system that shares blocks is done before anybody could say so.
  const outcome = await copying.then(() => 'done', (error: unknown) => (error instanceof Error ? error.message : 'unknown'))
  expect([outcome, shares.length, await readdir(folder)]).toEqual(shares.length === 0 ? ['done', 0, ['source', 'target']] : ['enough', 1, ['source']])
})
