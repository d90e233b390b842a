import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from '../../e2e/conformance/until.ts'
import type { PromisedEnd } from '../../engine/fork/promises.ts'
import { findByArgument } from '../../engine/qemu/process/process-identity.ts'
import { type Folders, makeFolders, resolveFolders } from '../../engine/storage/folders.ts'
import { engineLock, engineSocket, promisesFile } from '../../engine/storage/names.ts'
import { type EngineLock, takeEngineLock } from './engine-lock.ts'
import { Waker } from './waker.ts'

let root: string
let folders: Folders
let lock: EngineLock | null
let children: ChildProcess[]

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mayfly-waker-'))
  folders = resolveFolders({ MAYFLY_HOME: root })
  makeFolders(folders)
  lock = takeEngineLock(engineLock(folders), { holder: 'test', version: 'test', socket: engineSocket(folders) })
  children = []
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  lock?.release()
  await rm(promisesFile(folders), { force: true })
  await until(() => wakers() === 0, 'no waker is left')
  await rm(root, { recursive: true })
})

const wakers = (): number => findByArgument(promisesFile(folders)).length
const starts = async (): Promise<number> => (await readFile(join(root, 'starts'), 'utf8').catch(() => '')).length

/** In the engine's place: notes that it was started, and what it then does. */
async function engineThat(does: string): Promise<Waker> {
  const program = join(root, 'engine.mjs')
  await writeFile(program, `import { appendFileSync, rmSync } from 'node:fs'\nappendFileSync(${JSON.stringify(join(root, 'starts'))}, '.')\n${does}`)
  return new Waker({ folders, log: { info: () => undefined, bug: () => undefined }, successor: () => [process.execPath, program] })
}

const settles = (): string => `rmSync(${JSON.stringify(promisesFile(folders))})`

function end(parts: Partial<PromisedEnd>): PromisedEnd {
  return { at: null, pidFile: null, eventLog: join(root, 'events.log'), ...parts }
}

function releaseLock(): void {
  lock?.release()
  lock = null
}

test('what is half done brings an engine as soon as none holds the lock, and the waker goes when it is settled', async () => {
  const waker = await engineThat(settles())
  waker.note({ ends: [], isUnsettled: true })
  await until(() => wakers() === 1, 'there is a waker')
  waker.note({ ends: [end({ at: new Date(0) })], isUnsettled: true })
  expect(await starts()).toBe(0)
  waker.close()
  releaseLock()
  await until(() => wakers() === 0, 'the waker has ended', 20_000)
  expect(await starts()).toBe(1)
})

test('a process whose number is another\'s by now has ended; one that runs is waited for', async () => {
  const pidFile = join(root, 'pid, with\ta name')
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', pidFile])
  children.push(child)
  await once(child, 'spawn')
  await writeFile(pidFile, `${child.pid ?? 0}\n`)
  const waker = await engineThat(settles())
  waker.note({ ends: [end({ pidFile }), end({ at: new Date(Date.now() + 3_600_000) })], isUnsettled: false })
  releaseLock()
  const [before] = findByArgument(promisesFile(folders))
  child.kill('SIGKILL')
  await once(child, 'exit')
  await writeFile(pidFile, `${process.pid}\n`)
  await until(async () => (await starts()) === 1, 'an engine was started', 20_000)
  expect(before).toBeDefined()
})

test('an engine that fails is told of once, with the reason, in the log of who waits for it', async () => {
  await writeFile(join(root, 'events.log'), '')
  const waker = await engineThat('process.exit(3)')
  waker.note({ ends: [end({ at: new Date(0) })], isUnsettled: false })
  releaseLock()
  const told = (): Promise<string> => readFile(join(root, 'events.log'), 'utf8')
  await until(async () => (await told()) !== '', 'it was told', 20_000)
  expect(await told()).toMatch(/^\S+Z left: It could not be deleted, because no engine could be started: it ended with status 3; its log is \S+\. The next engine deletes it\.\n$/)
})

test('no waker is there without promises, only one with many, and another when one is needed again', async () => {
  const waker = await engineThat('')
  waker.note({ ends: [], isUnsettled: false })
  expect(wakers()).toBe(0)
  waker.note({ ends: [end({ at: new Date(Date.now() + 3_600_000) })], isUnsettled: false })
  await until(() => wakers() === 1, 'there is a waker')
  // As the next engine would, which did not start it.
  const next = await engineThat('')
  next.note({ ends: [end({ at: new Date(Date.now() + 7_200_000) })], isUnsettled: true })
  // One that was started in vain goes.
  await until(() => wakers() === 1, 'there is one')
  next.note({ ends: [], isUnsettled: false })
  next.close()
  await until(() => wakers() === 0, 'the waker has ended')
  expect(existsSync(promisesFile(folders))).toBe(false)
  next.note({ ends: [end({ at: new Date(Date.now() + 3_600_000) })], isUnsettled: false })
  await until(() => wakers() === 1, 'there is another')
  next.note({ ends: [], isUnsettled: false })
  next.close()
})
