import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { refusal, TestHome } from './test-home.fixture.ts'

/** A file system of its own that can be filled; mounting it is why this needs root. */
let mount: string
let home: TestHome
let client: EngineClient

beforeAll(async () => {
  mount = await mkdtemp(join(tmpdir(), 'mfd-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=320m', 'tmpfs', mount])
  home = await TestHome.make(mount)
  client = await home.open()
  await home.buildTiny(client)
}, 300_000)

afterAll(async () => {
  await home.close()
  execFileSync('umount', [mount])
  await rm(mount, { recursive: true })
})

async function fillUp(leaveBytes: number): Promise<() => Promise<void>> {
  const ballast = join(mount, 'ballast')
  const { bavail, bsize } = await statfs(mount)
  await writeFile(ballast, Buffer.alloc(Math.max(0, bavail * bsize - leaveBytes)))
  return () => rm(ballast)
}

test('a guest that meets a full disk stands still, and goes on by itself when there is space', async () => {
  await home.bootTiny(client, 'writer', { diskMiB: 1024 })
  const makeRoom = await fillUp(8 * 1024 * 1024)
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
  const makeRoom = await fillUp(0)
  expect(await refusal(client.machine.create({ name: 'too-much', image: 'tiny' }))).toBe('no-space')
  expect(await refusal(client.machine.rename({ machine: 'writer', name: 'renamed' }))).toBe('no-space')
  await makeRoom()
  expect(await client.machine.list({})).toEqual(before)
  expect(await refusal(client.machine.create({ name: 'reserved', image: 'tiny', diskMiB: 4096, preallocation: 'falloc' }))).toBe('no-space')
  expect((await client.machine.create({ name: 'fits', image: 'tiny' })).state).toBe('stopped')
})

test('an end that cannot be written down is an end all the same', async () => {
  await client.machine.start({ machine: 'writer' })
  const makeRoom = await fillUp(0)
  expect((await client.machine.stop({ machine: 'writer', force: true })).state).toBe('stopped')
  await makeRoom()
  expect((await client.machine.start({ machine: 'writer' })).state).toBe('running')
  await client.machine.stop({ machine: 'writer', force: true })
})
