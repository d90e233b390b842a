import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from '../../e2e/conformance/until.ts'
import { identifyProcess, isAlive, signalProcess } from '../../engine/qemu/process/process-identity.ts'
import type { ProcessIdentity } from '../../engine/qemu/process/process-identity.ts'
import { resolveFolders } from '../../engine/storage/folders.ts'
import type { Folders } from '../../engine/storage/folders.ts'
import { engineLock, engineLog, engineSocket } from '../../engine/storage/names.ts'
import { readHolder } from './engine-lock.ts'
import { ensureEngine, findEngine } from './ensure-engine.ts'
import type { EnsureOptions, FrozenHolder } from './ensure-engine.ts'

let home: string
let folders: Folders
/** Every engine a test came across; none may outlive it. */
let engines: ProcessIdentity[]
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'mayfly-hold-'))
  folders = resolveFolders({ MAYFLY_HOME: home })
  engines = []
})
afterEach(async () => {
  const holder = readHolder(engineLock(folders))
  for (const engine of holder === null ? engines : [...engines, holder]) {
    signalProcess(engine, 'SIGKILL')
    await until(() => !isAlive(engine), 'the engine is gone')
  }
  await rm(home, { recursive: true })
})

/** Joins or starts an engine; answers with its process. */
async function ensure(options: Partial<EnsureOptions> = {}, env: NodeJS.ProcessEnv = {}): Promise<ProcessIdentity> {
  const connection = await ensureEngine({
    folders,
    env: { PATH: process.env['PATH'], MAYFLY_TEST_RUN: process.env['MAYFLY_TEST_RUN'], MAYFLY_HOME: home, ...env },
    onFrozen: (holder) => Promise.reject(new Error(`${holder.pid} does not answer`)),
    ...options,
  })
  try {
    const engine = identifyProcess((await connection.client.engine.info({})).pid)
    if (engine === null) throw new Error('The engine is gone.')
    engines.push(engine)
    return engine
  } finally {
    await connection.close()
  }
}

test('the first call starts an engine, the next ones join it, however many come at once', async () => {
  const all = await Promise.all([ensure(), ensure(), ensure()])
  const first = all[0]
  expect(all).toEqual([first, first, first])
  expect(await ensure()).toEqual(first)
  expect(readHolder(engineLock(folders))).toMatchObject({ ...first, holder: 'cli', socket: engineSocket(folders) })
  expect((await readFile(engineLog(folders), 'utf8')).match(/The engine runs as process/g)).toHaveLength(1)
})

test('an engine that was killed is followed by a new one', async () => {
  const first = await ensure()
  signalProcess(first, 'SIGKILL')
  await until(() => !isAlive(first), 'it is dead')
  expect(await findEngine(folders)).toBeNull()
  expect((await ensure()).pid).not.toBe(first.pid)
})

test('an engine that is asked to end, by a signal or a call, leaves neither socket nor lock', async () => {
  const first = await ensure()
  signalProcess(first, 'SIGTERM')
  await until(() => !isAlive(first), 'it ended')
  expect(await readdir(folders.runtime)).toEqual([])
  expect(await readFile(engineLock(folders), 'utf8')).toBe('')

  const second = await ensure()
  const found = await findEngine(folders)
  expect(await found?.connection.client.engine.shutdown({})).toEqual({ pid: second.pid })
  await found?.connection.close()
  await until(() => !isAlive(second), 'it ended')
  expect(await readdir(folders.runtime)).toEqual([])
})

test('an engine that nobody needs ends by itself', async () => {
  const engine = await ensure({}, { MAYFLY_IDLE_SECONDS: '0.2' })
  await until(() => !isAlive(engine), 'it ended')
  expect(await readFile(engineLog(folders), 'utf8')).toContain('nobody needed it')
})

test('a frozen engine is taken over only by who says so', async () => {
  const frozen = await ensure()
  signalProcess(frozen, 'SIGSTOP')
  const asked: FrozenHolder[] = []
  const giveUp = ensure({ onFrozen: (holder) => Promise.resolve((asked.push(holder), 'give-up' as const)) })
  await expect(giveUp).rejects.toMatchObject({ code: 'host-unavailable', details: { check: 'engine-frozen' } })
  expect(asked).toMatchObject([{ ...frozen, holder: 'cli', stopped: true }])
  expect(isAlive(frozen)).toBe(true)

  const next = await ensure({ onFrozen: () => Promise.resolve('take-over') })
  expect(isAlive(frozen)).toBe(false)
  expect(next.pid).not.toBe(frozen.pid)
})

test('a holder with another runtime folder is found through the lock', async () => {
  const engine = await ensure()
  expect(await ensure({ folders: { ...folders, runtime: join(home, 'elsewhere') } })).toEqual(engine)
})

test('an engine of another version is asked to end and replaced', async () => {
  await mkdir(folders.runtime, { recursive: true, mode: 0o700 })
  const older = await startOlderEngine()
  const engine = await ensure()
  expect(isAlive(older)).toBe(false)
  expect(engine.pid).not.toBe(older.pid)
})

test('an engine that cannot start says why', async () => {
  await mkdir(engineLock(folders), { recursive: true })
  await expect(ensure()).rejects.toMatchObject({ code: 'bug' })
  expect(await readFile(engineLog(folders), 'utf8')).toContain('EISDIR')
})

/** A scripted peer that answers as an engine of an older version would. */
async function startOlderEngine(): Promise<ProcessIdentity> {
  const script = join(home, 'older.cjs')
  await writeFile(
    script,
    `require('node:http').createServer((request, response) => {
      if (request.url === '/shutdown') response.on('finish', () => process.exit())
      response.end(JSON.stringify({ version: '0.0.1', contract: 'older', pid: process.pid, holder: 'cli' }))
    }).listen(${JSON.stringify(engineSocket(folders))}, () => console.log('listening'))`,
  )
  const child = execFile(process.execPath, [script])
  await new Promise((resolve) => child.stdout?.once('data', resolve))
  const identity = identifyProcess(child.pid ?? 0)
  if (identity === null) throw new Error('The older engine did not start.')
  engines.push(identity)
  return identity
}
