/** The host's disk is full in the middle of a stream that has all of a guest's RAM, with a QEMU that does not load the RAM library: the checkpoint fails and says so, the guest goes on. */
import { readdir } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { folderOf } from './checkpoint-model.fixture.ts'
import { buildPlainQemu } from './plain-qemu.fixture.ts'
import { SmallDisk } from './small-disk.fixture.ts'
import { TestHome } from './test-home.fixture.ts'

let disk: SmallDisk
let home: TestHome
let client: EngineClient
const before = process.env['MAYFLY_QEMU']

beforeAll(async () => {
  disk = await SmallDisk.mount(480)
  process.env['MAYFLY_QEMU'] = await buildPlainQemu(disk.path)
  ;({ home, client } = await TestHome.withTiny(disk.path))
}, 300_000)

afterAll(async () => {
  await home.close()
  await disk.unmount()
  if (before === undefined) delete process.env['MAYFLY_QEMU']
  else process.env['MAYFLY_QEMU'] = before
})

async function outcome(begun: Promise<{ id: string }>): Promise<string> {
  return (await client.job.wait({ job: (await begun).id })).error?.code ?? 'done'
}

const mark = (word: string): Promise<string> => home.sh(client, 'alpha', `mkdir -p /run; echo ${word} > /run/mark`)
const read = (): Promise<string> => home.sh(client, 'alpha', 'cat /run/mark')

test('a checkpoint whose stream finds no space', async () => {
  await home.bootTiny(client, 'alpha', { memoryMiB: 192 })
  const names = await folderOf(home, client, 'alpha')
  for (const leave of [0, 300_000, 5_000_000, 30_000_000]) {
    await mark(`left ${leave}`)
    const makeRoom = await disk.fillUp(leave)
    expect([leave, await outcome(client.checkpoint.take({ machine: 'alpha', label: 'one', what: 'ram' }))]).toEqual([leave, 'no-space'])
    await makeRoom()
    expect((await client.machine.show({ machine: 'alpha' })).state).toBe('running')
    expect(await read()).toBe(`left ${leave}\n`)
    expect(await readdir(names.checkpoints).catch(() => [])).toEqual([])
  }
  await mark('saved')
  expect(await outcome(client.checkpoint.take({ machine: 'alpha', label: 'one', what: 'ram' }))).toBe('done')
  await mark('later')
  expect(await outcome(client.checkpoint.restore({ machine: 'alpha', checkpoint: 'one' }))).toBe('done')
  expect(await read()).toBe('saved\n')
  expect(home.bugs).toEqual([])
})
