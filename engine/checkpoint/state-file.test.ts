import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readStateFile, writeStateFile } from './state-file.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-state-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const state = Buffer.concat([Buffer.from('QEVM'), Buffer.alloc(4_000_000, 0x20), Buffer.from('the end')])

test('a state comes back as it was, and takes little', async () => {
  const path = join(folder, 'state.bin')
  await writeStateFile(path, state)
  const { size, mode } = await stat(path)
  expect([size < 40_000, mode & 0o777]).toEqual([true, 0o600])
  const read = await readStateFile(path)
  expect(read instanceof Uint8Array && state.equals(read)).toBe(true)
})

test('what QEMU wrote is handed on as it is', async () => {
  const path = join(folder, 'state.bin')
  await writeFile(path, state)
  expect(await readStateFile(path)).toEqual({ file: path })
})

test('one that is torn or damaged says so', async () => {
  const path = join(folder, 'state.bin')
  await writeStateFile(path, state)
  const whole = await readFile(path)
  await writeFile(path, Uint8Array.from(whole, (byte, at) => (at === 200 ? byte ^ 0x55 : byte)))
  await expect(readStateFile(path)).rejects.toMatchObject({ code: 'storage-corrupt' })
  await writeFile(path, whole)
  await truncate(path, whole.length - 10)
  await expect(readStateFile(path)).rejects.toMatchObject({ code: 'storage-corrupt' })
})
