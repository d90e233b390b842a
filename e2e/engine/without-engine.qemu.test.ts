/** Machines that delete themselves while no engine is there: nobody calls anything, and nothing of them is left. */
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { identifyProcess } from '../../engine/qemu/process/process-identity.ts'
import { forkMarksFolder, machineFolderNames, machinesFolder, promisesFile, trashFolder, wakerLock } from '../../engine/storage/names.ts'
import { until } from '../conformance/until.ts'
import { TestHome } from './test-home.fixture.ts'

const goneWithinMs = 40_000
let home: TestHome
let client: EngineClient
let parent: string

beforeAll(async () => {
  home = await TestHome.make()
  client = await home.openDetached()
  await home.buildTiny(client)
  parent = (await home.bootTiny(client, 'parent')).id
}, 300_000)
afterAll(() => home.close())

interface Made {
  readonly id: string
  readonly pid: number
}

async function forkAway(name: string, options: { throwaway?: boolean; ttlSeconds?: number } = {}): Promise<Made> {
  const { forks } = await client.machine.fork({ machine: 'parent', name, throwaway: true, ...options })
  const machine = forks[0]?.machine
  if (machine === undefined || machine.pid === null) throw new Error(`${name} does not run.`)
  return { id: machine.id, pid: machine.pid }
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => [])
}

/** What is left of these machines, looked for without any engine: folders, sockets, trash, marks, processes. */
async function tracesOf(ids: readonly string[]): Promise<string[]> {
  const { folders } = home
  const names = [
    ...(await Promise.all([machinesFolder(folders), trashFolder(folders), folders.runtime, forkMarksFolder(folders)].map(namesIn))).flat(),
    ...(await home.processes()),
  ]
  return names.filter((name) => ids.some((id) => name.includes(id)))
}

async function assertGone(...ids: string[]): Promise<void> {
  await expect.poll(() => tracesOf(ids), { timeout: goneWithinMs }).toEqual([])
}

/** What was started to see to it has ended, too; only the parent runs. */
async function assertNobodyLeft(): Promise<void> {
  await expect.poll(async () => (await home.processes()).filter((line) => !line.includes(parent)), { timeout: goneWithinMs }).toEqual([])
  expect(existsSync(promisesFile(home.folders))).toBe(false)
}

test('a guest that powers off, and another that is killed with it, while no engine is there', async () => {
  const poweredOff = await forkAway('powered off')
  const killed = await forkAway('killed')
  await home.sh(client, 'powered off', '(sleep 5; poweroff -f) > /dev/null 2>&1 < /dev/null &')
  await home.killEngine(client)
  await until(() => identifyProcess(poweredOff.pid) === null, 'its guest powered off', 60_000)
  process.kill(killed.pid, 'SIGKILL')
  await assertGone(poweredOff.id, killed.id)
  await assertNobodyLeft()
  expect(await namesIn(machinesFolder(home.folders))).toEqual([parent])
})

test('a time that comes while no engine is there: of one that runs, one that is off, and one whose time was changed; others stay', async () => {
  client = await home.openDetached()
  const running = await forkAway('running', { throwaway: false, ttlSeconds: 10 })
  const changed = await forkAway('changed', { throwaway: false, ttlSeconds: 3600 })
  const kept = await forkAway('kept')
  const off = (await client.machine.create({ name: 'off', image: 'tiny', ttlSeconds: 10 })).id
  await client.machine.setLife({ machine: 'changed', ttlSeconds: 10 })
  await client.machine.setLife({ machine: 'kept', throwaway: false })
  await home.killEngine(client)
  process.kill(kept.pid, 'SIGKILL')
  await assertGone(running.id, changed.id, off)
  await assertNobodyLeft()
  expect((await namesIn(machinesFolder(home.folders))).sort()).toEqual([parent, kept.id].sort())
  client = await home.openDetached()
  await client.machine.delete({ machine: kept.id })
})

test('an engine that ends in order leaves word as well, and one that was called stays', async () => {
  const { id, pid } = await forkAway('ordered')
  const { pid: engine } = await client.engine.info({})
  await client.engine.shutdown({})
  await until(() => identifyProcess(engine) === null, 'the engine has ended')
  await home.closeEngine()
  process.kill(pid, 'SIGTERM')
  // Whoever is faster, this one or the waker, there is one engine.
  client = await home.openDetached()
  await assertGone(id)
})

test('an engine that is killed while it removes one', async () => {
  await home.killEngine(client)
  home.env['MAYFLY_DIE_AT'] = 'remove.gone'
  client = await home.openDetached()
  delete home.env['MAYFLY_DIE_AT']
  const { pid: engine } = await client.engine.info({})
  const { id } = await forkAway('half gone')
  await client.machine.stop({ machine: id, force: true }).catch(() => undefined)
  await until(() => identifyProcess(engine) === null, 'it died')
  await home.closeEngine()
  expect((await namesIn(trashFolder(home.folders))).some((name) => name.includes(id))).toBe(true)
  await assertGone(id)
  await assertNobodyLeft()
})

test('machines of a run whose engine was killed', async () => {
  client = await home.openDetached()
  const { run } = await client.run.start({ template: 'parent', argv: ['sleep', '600'], attached: false })
  await until(async () => (await client.run.show({ run: run.id })).cells[0]?.state === 'running', 'its command runs', 60_000)
  await home.killEngine(client)
  await expect.poll(() => namesIn(machinesFolder(home.folders)), { timeout: goneWithinMs }).toEqual([parent])
  await assertNobodyLeft()
  client = await home.openDetached()
  expect((await client.run.show({ run: run.id })).state).not.toBe('running')
})

test('where no engine can be started, the machine is told why, and stays for the next', async () => {
  const { id, pid } = await forkAway('waits')
  await home.killEngine(client)
  const promises = await readFile(promisesFile(home.folders), 'utf8')
  await writeFile(promisesFile(home.folders), promises.replace(`\0${process.execPath}\0`, '\0/nowhere/node\0'))
  process.kill(pid, 'SIGKILL')
  const { eventLog } = machineFolderNames(join(machinesFolder(home.folders), id))
  await expect.poll(() => readFile(eventLog, 'utf8'), { timeout: goneWithinMs }).toMatch(/^\S+Z left: It could not be deleted, because no engine could be started: \/nowhere\/node: No such file or directory\. The next engine deletes it\.$/m)
  client = await home.openDetached()
  await assertGone(id)
})

test('where the waker was killed, the next engine sees to it', async () => {
  const { id, pid } = await forkAway('unwatched')
  const waker = Number(await readFile(wakerLock(home.folders), 'utf8'))
  await home.killEngine(client)
  process.kill(waker, 'SIGKILL')
  process.kill(pid, 'SIGKILL')
  await until(() => identifyProcess(waker) === null && identifyProcess(pid) === null, 'both are dead')
  client = await home.openDetached()
  await assertGone(id)
})

test('one that is off and made a throwaway afterwards is waited for', async () => {
  const { id } = await client.machine.create({ name: 'later', image: 'tiny', start: true })
  await client.machine.stop({ machine: 'later', force: true })
  await client.machine.setLife({ machine: 'later', throwaway: true })
  await home.killEngine(client)
  client = await home.openDetached()
  expect((await client.machine.show({ machine: 'later' })).throwaway).toBe(true)
  await client.machine.start({ machine: 'later' })
  await client.machine.stop({ machine: 'later', force: true })
  await assertGone(id)
})
