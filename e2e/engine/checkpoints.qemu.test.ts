/** Checkpoints of disks: of machines that are off and that run, restored, branched, deleted with merging, compared, exported. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Job } from '../../contract/job.ts'
import type { EngineClient } from '../../engine/engine-face.ts'
import { machineFolderNames, machinesFolder } from '../../engine/storage/names.ts'
import { refusal, TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient

beforeAll(async () => {
  ;({ home, client } = await TestHome.withTiny())
}, 300_000)
afterAll(() => home.close())

const done = (begun: Promise<Job>): Promise<string> => home.done(client, begun)

async function labels(machine: string): Promise<string[]> {
  const { checkpoints } = await client.checkpoint.list({ machine })
  const name = (id: string | null): string => checkpoints.find((one) => one.id === id)?.label ?? '-'
  return checkpoints.map((one) => `${one.label} < ${name(one.parent)}`)
}

async function layersOf(machine: string): Promise<{ named: number; files: number }> {
  const { id, disks } = await client.machine.show({ machine })
  const names = machineFolderNames(join(machinesFolder(home.folders), id))
  return { named: disks[0]?.layers ?? 0, files: (await readdir(join(names.disks, 'disk0'))).length }
}

async function soundDisks(machine: string): Promise<void> {
  expect(await done(client.disk.check({ machine }))).toBe('All disks are sound.')
}

test('a running machine is saved, changed, taken back, and branched; its guest finds its disk as it was', async () => {
  await home.bootTiny(client, 'alpha', { diskMiB: 256 })
  await home.sh(client, 'alpha', 'echo one > /data/file && sync')
  expect(await done(client.checkpoint.take({ machine: 'alpha', label: 'one', what: 'disks', freezeFileSystems: 'no' }))).toContain('one is saved')
  await home.sh(client, 'alpha', 'echo two > /data/file && sync')
  await done(client.checkpoint.take({ machine: 'alpha', label: 'two', what: 'disks' }))
  await home.sh(client, 'alpha', 'echo three > /data/file && sync')
  expect((await client.machine.show({ machine: 'alpha' })).state).toBe('running')
  expect(await labels('alpha')).toEqual(['one < -', 'two < one'])
  const two = await client.checkpoint.show({ machine: 'alpha', checkpoint: 'two' })
  expect([two.kind, two.machineState, two.broken, two.hasThumbnail]).toEqual(['disks', 'running', null, true])
  expect((await client.checkpoint.thumbnail({ machine: 'alpha', checkpoint: 'two' })).base64.startsWith('iVBOR')).toBe(true)
  await done(client.checkpoint.branch({ machine: 'alpha', checkpoint: 'one', presentLabel: 'three' }))
  expect(await labels('alpha')).toEqual(['one < -', 'two < one', 'three < two'])
  expect((await client.machine.show({ machine: 'alpha' })).state).toBe('stopped')
  await soundDisks('alpha')
  await client.machine.start({ machine: 'alpha' })
  await home.ready(client, 'alpha')
  expect(await home.sh(client, 'alpha', 'cat /data/file')).toBe('one\n')
  // What ran is kept with its RAM, and runs again.
  await done(client.checkpoint.restore({ machine: 'alpha', checkpoint: 'three' }))
  expect(await home.sh(client, 'alpha', 'cat /data/file')).toBe('three\n')
})

test('deleting merges layers while the machine runs, and nothing of them is left', async () => {
  await done(client.checkpoint.take({ machine: 'alpha', label: 'four', what: 'disks' }))
  const before = await layersOf('alpha')
  await done(client.checkpoint.delete({ machine: 'alpha', checkpoint: 'one' }))
  await done(client.checkpoint.delete({ machine: 'alpha', checkpoint: 'two' }))
  expect(await labels('alpha')).toEqual(['three < -', 'four < three'])
  const after = await layersOf('alpha')
  expect(after.named).toBe(before.named - 2)
  expect(after.files).toBe(after.named)
  expect(await home.sh(client, 'alpha', 'cat /data/file')).toBe('three\n')
  await client.machine.stop({ machine: 'alpha', force: true })
  await soundDisks('alpha')
  await done(client.checkpoint.delete({ machine: 'alpha', checkpoint: 'three' }))
  await done(client.checkpoint.delete({ machine: 'alpha', checkpoint: 'four' }))
  expect(await layersOf('alpha')).toEqual({ named: 1, files: 1 })
  await soundDisks('alpha')
  await client.machine.start({ machine: 'alpha' })
  await home.ready(client, 'alpha')
  expect(await home.sh(client, 'alpha', 'cat /data/file')).toBe('three\n')
  await client.machine.stop({ machine: 'alpha', force: true })
})

test('two points are compared, one becomes a machine of its own, and a label is changed', async () => {
  await done(client.checkpoint.take({ machine: 'alpha', label: 'a' }))
  await client.machine.set({ machine: 'alpha', memoryMiB: 300 })
  await client.machine.start({ machine: 'alpha' })
  await home.ready(client, 'alpha')
  await home.sh(client, 'alpha', 'dd if=/dev/urandom of=/data/much bs=64k count=20 && sync')
  await done(client.checkpoint.take({ machine: 'alpha', label: 'b', what: 'disks' }))
  const diff = await client.checkpoint.diff({ machine: 'alpha', a: 'a', b: 'b' })
  expect(diff.disks[0]?.changedBytes).toBeGreaterThanOrEqual(20 * 64 * 1024)
  expect(diff.disks[0]?.changedBytes).toBeLessThan(64 * 1024 * 1024)
  expect(diff.hardware).toEqual([expect.objectContaining({ field: 'memoryMiB' })])
  await done(client.checkpoint.export({ machine: 'alpha', checkpoint: 'b', name: 'beta' }))
  await client.machine.start({ machine: 'beta' })
  await home.ready(client, 'beta')
  expect(await home.sh(client, 'beta', 'ls -l /data/much | wc -l')).toBe('1\n')
  expect((await client.checkpoint.rename({ machine: 'alpha', checkpoint: 'b', label: 'bee', description: 'for the bees' })).description).toBe('for the bees')
  expect(await refusal(client.checkpoint.rename({ machine: 'alpha', checkpoint: 'a', label: 'bee' }))).toBe('conflict')
  expect(await refusal(client.checkpoint.take({ machine: 'alpha', label: 'bee' }))).toBe('conflict')
  expect(await refusal(client.checkpoint.show({ machine: 'alpha', checkpoint: 'none' }))).toBe('not-found')
  expect(home.bugs).toEqual([])
})
