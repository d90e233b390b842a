import { readdir } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { identifyProcess } from '../../engine/qemu/process/process-identity.ts'
import { machinesFolder, trashFolder } from '../../engine/storage/names.ts'
import { until } from '../conformance/until.ts'
import { TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient

beforeAll(async () => {
  ;({ home, client } = await TestHome.withTiny())
  await home.bootTiny(client, 'parent')
}, 300_000)
afterAll(() => home.close())

const forkAway = async (name: string, options: { ttlSeconds?: number } = {}): Promise<{ id: string; pid: number; dueAt: number }> => {
  const { forks } = await client.machine.fork({ machine: 'parent', name, throwaway: true, ...options })
  const machine = forks[0]?.machine
  return { id: machine?.id ?? '', pid: machine?.pid ?? 0, dueAt: Date.parse(machine?.expiresAt ?? '') }
}

/** Folder, sockets, processes, trash, mark: nothing of the machine. */
async function assertGone(id: string): Promise<void> {
  const traces = async (): Promise<string[]> => [
    ...(await client.machine.list({})).filter((machine) => machine.id === id).map(() => 'listed'),
    ...(await readdir(machinesFolder(home.folders))).filter((name) => name.includes(id)),
    ...(await readdir(trashFolder(home.folders)).catch(() => [])).filter((name) => name.includes(id)),
    ...(await readdir(home.folders.runtime)).filter((name) => name.includes(id)),
    ...(await home.processes()).filter((line) => line.includes(id)),
  ]
  await expect.poll(traces, { timeout: 30_000 }).toEqual([])
}

test('a throwaway deletes itself when its guest powers off, when it is stopped, and when it is killed', async () => {
  const byGuest = await forkAway('by guest')
  await client.guest.run({ machine: 'by guest', argv: ['poweroff', '-f'] }).catch(() => undefined)
  await assertGone(byGuest.id)
  const stopped = await forkAway('stopped')
  await client.machine.stop({ machine: 'stopped', force: true })
  await assertGone(stopped.id)
  const killed = await forkAway('killed')
  process.kill(killed.pid, 'SIGKILL')
  await assertGone(killed.id)
  expect((await client.machine.show({ machine: 'parent' })).state).toBe('running')
})

test('deleting a throwaway that runs is no failure because it deletes itself', async () => {
  const { id } = await forkAway('unwanted')
  expect(await client.machine.delete({ machine: 'unwanted', force: true })).toMatchObject({ id })
  await assertGone(id)
  // Its guest powers off in that very moment.
  const race = await forkAway('race')
  process.kill(race.pid, 'SIGKILL')
  expect(await client.machine.delete({ machine: race.id, force: true })).toMatchObject({ id: race.id })
  await assertGone(race.id)
})

test('a machine made to be thrown away is waited for, and goes after its first run', async () => {
  const { id } = await client.machine.create({ name: 'made', image: 'tiny', throwaway: true })
  expect((await client.machine.show({ machine: 'made' })).throwaway).toBe(true)
  await client.machine.start({ machine: 'made' })
  await client.machine.stop({ machine: 'made', force: true })
  await assertGone(id)
})

test('a time to live ends a machine that runs; life can be changed, and kept', async () => {
  const { id } = await forkAway('brief', { ttlSeconds: 10 })
  const kept = await forkAway('kept', { ttlSeconds: 10 })
  expect(await client.machine.setLife({ machine: 'kept', throwaway: false, ttlSeconds: null })).toMatchObject({ throwaway: false, expiresAt: null })
  await assertGone(id)
  await client.machine.stop({ machine: 'kept', force: true })
  expect((await client.machine.show({ machine: 'kept' })).state).toBe('stopped')
  await client.machine.delete({ machine: kept.id })
})

test('one that ended while no engine was there, and one whose time came, are gone when the next one is', async () => {
  const ended = await forkAway('ended')
  const due = await forkAway('due', { ttlSeconds: 10 })
  const alive = await forkAway('alive')
  await home.closeEngine()
  process.kill(ended.pid, 'SIGKILL')
  await until(() => identifyProcess(ended.pid) === null, 'it has ended')
  await until(() => Date.now() > due.dueAt, 'its time has come', 20_000)
  client = await home.open()
  await assertGone(ended.id)
  await assertGone(due.id)
  expect((await client.machine.show({ machine: 'alive' })).state).toBe('running')
  await client.machine.stop({ machine: 'alive', force: true })
  await assertGone(alive.id)
})
