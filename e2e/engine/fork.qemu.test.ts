import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient

beforeAll(async () => {
  home = await TestHome.make()
  client = await home.open()
  await home.buildTiny(client)
}, 300_000)
afterAll(() => home.close())

/** A counter in RAM, advanced by a process of the guest, and one on disk. */
const countInGuest = 'echo 0 > /dev/shm/ram; (while true; do n=$(cat /dev/shm/ram); echo $((n + 1)) > /dev/shm/ram; usleep 100000; done) > /dev/null 2>&1 &'

test('a fork of a running machine goes on where its parent is, and both go on by themselves', async () => {
  await home.bootTiny(client, 'parent')
  await home.sh(client, 'parent', 'mkdir -p /dev/shm; echo before > /data/disk; sync; echo secret > /tmp/only-in-memory')
  const { forks, pauseMs, notes } = await client.machine.fork({ machine: 'parent' })
  console.log(forks[0]?.readyMs, pauseMs, notes)
  expect(forks).toHaveLength(1)
  expect(forks[0]?.machine).toMatchObject({ name: 'parent-fork-1', state: 'running', origin: { machineName: 'parent' } })
  expect(await home.sh(client, 'parent-fork-1', 'cat /data/disk /tmp/only-in-memory')).toBe('before\nsecret\n')
  await home.sh(client, 'parent-fork-1', 'echo fork > /data/disk; sync; echo fork > /tmp/only-in-memory')
  expect(await home.sh(client, 'parent', 'cat /data/disk /tmp/only-in-memory')).toBe('before\nsecret\n')
  await home.sh(client, 'parent', 'echo parent > /data/disk; sync')
  expect(await home.sh(client, 'parent-fork-1', 'cat /data/disk /tmp/only-in-memory')).toBe('fork\nfork\n')
})
