import { readdir } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { machinesFolder, trashFolder } from '../../engine/storage/names.ts'
import { until } from '../conformance/until.ts'
import { refusal, TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient

beforeAll(async () => {
  ;({ home, client } = await TestHome.withTiny())
}, 300_000)
afterAll(() => home.close())

test('a machine boots, answers, stands still, goes on, and shuts down when asked', async () => {
  const booted = await home.bootTiny(client, 'web')
  expect(booted).toMatchObject({ state: 'running', agent: 'answering', cpus: 1, memoryMiB: 256, pid: expect.any(Number) as number })
  expect(await home.sh(client, 'web', 'cat /proc/sys/kernel/hostname')).toBe('tiny\n')
  expect((await client.machine.pause({ machine: 'web' })).pausedBy).toBe('user')
  expect(await refusal(client.machine.pause({ machine: 'web' }))).toBe('conflict')
  expect((await client.machine.resume({ machine: 'web' })).state).toBe('running')
  expect((await client.machine.stop({ machine: 'web' })).state).toBe('stopped')
  expect((await client.machine.show({ machine: 'web' })).lastExit).toMatchObject({ kind: 'asked', exitStatus: 0, signal: null })
})

test('its data and its hardware are the same at the next start', async () => {
  await client.machine.start({ machine: 'web' })
  await home.ready(client, 'web')
  const before = (await client.machine.show({ machine: 'web' })).hardware
  await home.sh(client, 'web', 'echo kept > /data/file && sync')
  await client.machine.stop({ machine: 'web' })
  await client.machine.start({ machine: 'web' })
  await home.ready(client, 'web')
  expect(await home.sh(client, 'web', 'cat /data/file; cat /sys/class/net/eth0/address')).toBe(`kept\n${before?.macs['nic0']}\n`)
  expect((await client.machine.show({ machine: 'web' })).hardware).toEqual(before)
})

test('a guest that ends by itself, one that restarts, and a reset are told apart', async () => {
  await client.guest.run({ machine: 'web', argv: ['sh', '-c', 'echo marker > /tmp/only-in-memory'] })
  await client.machine.reset({ machine: 'web' })
  await client.machine.wait({ machine: 'web', for: 'agent' })
  await expect.poll(() => client.guest.run({ machine: 'web', argv: ['cat', '/tmp/only-in-memory'] }).then((result) => result.exitStatus), { timeout: 60_000 }).toBe(1)
  await client.guest.run({ machine: 'web', argv: ['poweroff'] })
  await client.machine.wait({ machine: 'web', for: 'stopped' })
  expect((await client.machine.show({ machine: 'web' })).lastExit).toMatchObject({ kind: 'guest', exitStatus: 0 })
})

test('a restart takes over what waits, is seen through by itself, and is done once however often it is asked for', async () => {
  expect(await refusal(client.machine.restart({ machine: 'web' }))).toBe('conflict')
  await client.machine.start({ machine: 'web' })
  await home.ready(client, 'web')
  const before = await client.machine.set({ machine: 'web', memoryMiB: 320 })
  expect(before.pending).toHaveLength(1)
  // Whoever asked goes at once, as a page that is closed.
  const gone = new AbortController()
  const left = refusal(client.machine.restart({ machine: 'web' }, { signal: gone.signal }))
  await until(async () => (await client.machine.show({ machine: 'web' })).state === 'stopping', 'it shuts down')
  gone.abort()
  const again = await Promise.all([client.machine.restart({ machine: 'web' }), client.machine.restart({ machine: 'web' })])
  expect(again).toMatchObject([{ state: 'running', memoryMiB: 320, pendingChanges: 0 }, { pid: again[0].pid }])
  expect([again[0].pid === before.pid, await left]).toEqual([false, 'cancelled'])
})

test('who stops a machine while it restarts has the last word', async () => {
  await home.ready(client, 'web')
  const restarted = refusal(client.machine.restart({ machine: 'web' }))
  await until(async () => (await client.machine.show({ machine: 'web' })).state === 'stopping', 'it shuts down')
  await client.machine.stop({ machine: 'web', force: true })
  expect([await restarted, (await client.machine.show({ machine: 'web' })).state]).toEqual(['cancelled', 'stopped'])
})

test('two starts at once: one starts it, the other is told that it runs', async () => {
  const outcomes = await Promise.all([refusal(client.machine.start({ machine: 'web' })), refusal(client.machine.start({ machine: 'web' }))])
  expect(outcomes.filter((outcome) => outcome === 'conflict')).toHaveLength(1)
  expect((await client.machine.show({ machine: 'web' })).state).toBe('running')
})

test('a running machine is deleted only by force; the trash gives it back, and emptying leaves no trace', async () => {
  expect(await refusal(client.machine.delete({ machine: 'web' }))).toBe('conflict')
  const { id } = await client.machine.delete({ machine: 'web', force: true })
  expect([await client.machine.list({}), (await client.trash.list({})).map((entry) => entry.name)]).toEqual([[], ['web']])
  expect((await client.trash.restore({ machine: 'web' })).id).toBe(id)
  await client.machine.delete({ machine: id })
  await client.trash.empty({})
  expect([await readdir(machinesFolder(home.folders)), await readdir(trashFolder(home.folders)), await readdir(home.folders.runtime), await home.processes()]).toEqual([[], [], [], []])
})

test('deleting while it starts ends the start and leaves nothing', async () => {
  await client.machine.create({ name: 'hasty', image: 'tiny' })
  const starting = refusal(client.machine.start({ machine: 'hasty' }))
  await until(async () => (await client.machine.show({ machine: 'hasty' })).state === 'starting', 'it is starting')
  const deleted = client.machine.delete({ machine: 'hasty', force: true })
  expect([await starting, (await deleted).name]).toEqual(['cancelled', 'hasty'])
  expect(await home.processes()).toEqual([])
  await client.trash.empty({})
})

test('a guest that does not listen keeps running, and is switched off by force', async () => {
  await home.bootTiny(client, 'deaf')
  await home.sh(client, 'deaf', 'for s in /proc/[0-9]*; do grep -qs acpid $s/comm && kill ${s#/proc/}; done; true')
  await client.machine.pause({ machine: 'deaf' })
  await client.machine.resume({ machine: 'deaf' })
  const outcome = await refusal(client.machine.stop({ machine: 'deaf', timeoutSeconds: 1 }))
  if (outcome === 'timeout') expect((await client.machine.show({ machine: 'deaf' })).stateReason).toContain('asked to shut down')
  expect((await client.machine.stop({ machine: 'deaf', force: true })).state).toBe('stopped')
  await client.machine.delete({ machine: 'deaf' })
  await client.trash.empty({})
})
