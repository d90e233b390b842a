/** The host's disk is full in the middle of acts on layers: they fail and say so, the guest and its points are unharmed, nothing is left over. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { until } from '../conformance/until.ts'
import { folderOf } from './checkpoint-model.fixture.ts'
import { SmallDisk } from './small-disk.fixture.ts'
import { TestHome } from './test-home.fixture.ts'

let disk: SmallDisk
let home: TestHome
let client: EngineClient

beforeAll(async () => {
  disk = await SmallDisk.mount(480)
  ;({ home, client } = await TestHome.withTiny(disk.path))
}, 300_000)

afterAll(async () => {
  await home.close()
  await disk.unmount()
})

async function outcome(begun: Promise<{ id: string }>): Promise<string> {
  const job = await client.job.wait({ job: (await begun).id })
  return job.error?.code ?? 'done'
}

const mark = (word: string): Promise<string> => home.sh(client, 'alpha', `mkdir -p /run; echo ${word} > /run/mark; echo ${word} > /data/mark; sync`)
const marks = (): Promise<string> => home.sh(client, 'alpha', 'cat /run/mark /data/mark')

test('checkpoints, restores and merges that find no space', async () => {
  await home.bootTiny(client, 'alpha', { memoryMiB: 192 })
  await mark('one')
  expect(await outcome(client.checkpoint.take({ machine: 'alpha', label: 'one', what: 'ram' }))).toBe('done')
  await home.sh(client, 'alpha', 'head -c 24000000 /dev/urandom > /run/random')
  await mark('two')
  const names = await folderOf(home, client, 'alpha')
  const before = { ram: (await readdir(names.ram)).sort(), checkpoints: await readdir(names.checkpoints) }
  for (const leave of [0, 200_000, 900_000, 4_000_000, 16_000_000]) {
    const makeRoom = await disk.fillUp(leave)
    expect([leave, await outcome(client.checkpoint.take({ machine: 'alpha', label: 'two', what: 'ram' }))]).toEqual([leave, 'no-space'])
    await makeRoom()
    // One that wrote meanwhile was stopped, and goes on by itself.
    await until(async () => (await client.machine.show({ machine: 'alpha' })).state === 'running', 'the guest runs', 30_000)
    expect({ ram: (await readdir(names.ram)).sort(), checkpoints: await readdir(names.checkpoints) }).toEqual(before)
    expect(await marks()).toBe('two\ntwo\n')
  }
  expect(await outcome(client.checkpoint.take({ machine: 'alpha', label: 'two', what: 'ram' }))).toBe('done')
  await mark('three')

  for (const leave of [0, 100_000, 300_000, 500_000]) {
    const noRoom = await disk.fillUp(leave)
    const { pid } = await client.machine.show({ machine: 'alpha' })
    expect([leave, await outcome(client.checkpoint.restore({ machine: 'alpha', checkpoint: 'one' }))]).toEqual([leave, 'no-space'])
    await noRoom()
    // It is not only as it was: it never stood still.
    expect((await client.machine.show({ machine: 'alpha' })).pid).toBe(pid)
    expect(await marks()).toBe('three\nthree\n')
  }
  expect(await outcome(client.checkpoint.restore({ machine: 'alpha', checkpoint: 'one' }))).toBe('done')
  expect(await marks()).toBe('one\none\n')

  // Its RAM is mapped from a file now, and this file system alone, a tmpfs, takes room for a hole that is only read: a guest that runs would end with SIGBUS.
  await client.machine.pause({ machine: 'alpha' })
  const noRoomAgain = await disk.fillUp(0)
  await outcome(client.checkpoint.delete({ machine: 'alpha', checkpoint: 'two' }))
  await noRoomAgain()
  await client.machine.resume({ machine: 'alpha' })
  expect(await marks()).toBe('one\none\n')
  await client.machine.stop({ machine: 'alpha', force: true })
  expect(await outcome(client.disk.check({ machine: 'alpha' }))).toBe('done')
  for (const { label } of (await client.checkpoint.list({ machine: 'alpha' })).checkpoints) expect(await outcome(client.checkpoint.delete({ machine: 'alpha', checkpoint: label }))).toBe('done')
  expect((await readdir(join(names.disks, 'disk0'))).length).toBe(1)
  expect(await readdir(names.ram)).toEqual([])
  expect(home.bugs).toEqual([])
}, 300_000)
