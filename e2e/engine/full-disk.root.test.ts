import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { SmallDisk } from './small-disk.fixture.ts'
import { refusal, TestHome } from './test-home.fixture.ts'

let disk: SmallDisk
let home: TestHome
let client: EngineClient

beforeAll(async () => {
  disk = await SmallDisk.mount(320)
  ;({ home, client } = await TestHome.withTiny(disk.path))
}, 300_000)

afterAll(async () => {
  await home.close()
  await disk.unmount()
})

test('a guest that meets a full disk stands still, and goes on by itself when there is space', async () => {
  await home.bootTiny(client, 'writer', { diskMiB: 1024 })
  const makeRoom = await disk.fillUp(8 * 1024 * 1024)
  const writing = client.guest.run({ machine: 'writer', argv: ['sh', '-c', 'head -c 50331648 /dev/urandom > /data/big && sync && md5sum < /data/big && cat /data/big | md5sum'], timeoutMs: 110_000 })
  await expect.poll(() => client.machine.show({ machine: 'writer' }).then(({ state, pausedBy }) => `${state} ${pausedBy}`), { timeout: 60_000 }).toBe('paused no-space')
  await makeRoom()
  const { exitStatus, stdout } = await writing
  const [first, second] = stdout.trim().split('\n')
  expect([exitStatus, first === second, (await client.machine.show({ machine: 'writer' })).state]).toEqual([0, true, 'running'])
  await client.machine.stop({ machine: 'writer' })
})

test('a machine that cannot be made for lack of space leaves nothing, and others are unharmed', async () => {
  const before = await client.machine.list({})
  const makeRoom = await disk.fillUp(0)
  expect(await refusal(client.machine.create({ name: 'too-much', image: 'tiny' }))).toBe('no-space')
  expect(await refusal(client.machine.rename({ machine: 'writer', name: 'renamed' }))).toBe('no-space')
  await makeRoom()
  expect(await client.machine.list({})).toEqual(before)
  expect(await refusal(client.machine.create({ name: 'reserved', image: 'tiny', diskMiB: 4096, preallocation: 'falloc' }))).toBe('no-space')
  expect((await client.machine.create({ name: 'fits', image: 'tiny' })).state).toBe('stopped')
})

test('an end that cannot be written down is an end all the same', async () => {
  await client.machine.start({ machine: 'writer' })
  const makeRoom = await disk.fillUp(0)
  expect((await client.machine.stop({ machine: 'writer', force: true })).state).toBe('stopped')
  await makeRoom()
  expect((await client.machine.start({ machine: 'writer' })).state).toBe('running')
  await client.machine.stop({ machine: 'writer', force: true })
})
