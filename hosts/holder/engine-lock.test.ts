import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { hostBootId, identifyProcess } from '../../engine/qemu/process/process-identity.ts'
import { readHolder, takeEngineLock } from './engine-lock.ts'

const holder = { holder: 'test', version: '1.2.3', socket: '/run/engine.sock' }
let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-lock-'))
  path = join(folder, 'engine.lock')
})
afterEach(() => rm(folder, { recursive: true }))

test('one has the lock, says who it is, and gives it back', () => {
  const lock = takeEngineLock(path, holder)
  expect(lock).not.toBeNull()
  expect(takeEngineLock(path, holder)).toBeNull()
  expect(readHolder(path)).toEqual({ ...identifyProcess(process.pid), bootId: hostBootId(), ...holder })
  lock?.release()
  expect(readHolder(path)).toBeNull()
  const again = takeEngineLock(path, holder)
  expect(again).not.toBeNull()
  again?.release()
})

test('what a dead holder left is no holder, whatever it says', async () => {
  const dead = await deadProcess()
  const living = { ...identifyProcess(process.pid), bootId: hostBootId(), ...holder }
  for (const text of ['', '{"pid":', '[]', '{"pid":1}', JSON.stringify({ ...living, pid: dead }), JSON.stringify({ ...living, startTicks: '1' }), JSON.stringify({ ...living, bootId: 'another boot' })]) {
    await writeFile(path, text)
    expect(readHolder(path)).toBeNull()
  }
  const lock = takeEngineLock(path, holder)
  expect(readHolder(path)).toMatchObject({ pid: process.pid })
  lock?.release()
})

test('a lock file that is a link is not followed', async () => {
  const precious = join(folder, 'precious')
  await writeFile(precious, 'not to be cut')
  await symlink(precious, path)
  expect(() => takeEngineLock(path, holder)).toThrow('ELOOP')
  expect(await readFile(precious, 'utf8')).toBe('not to be cut')
})

/** The number of a process that has just ended. */
function deadProcess(): Promise<number> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, ['-e', '0'], () => resolve(child.pid ?? 0))
  })
}
