/** The host's disk is full half-way through what copies layers, or makes machines of them: it fails and says so, the guest's data is what it was, and with room it works. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { machinesFolder } from '../../engine/storage/names.ts'
import { until } from '../conformance/until.ts'
import { folderOf } from './checkpoint-model.fixture.ts'
import { SmallDisk } from './small-disk.fixture.ts'
import { TestHome } from './test-home.fixture.ts'

let disk: SmallDisk
let home: TestHome
let client: EngineClient

beforeAll(async () => {
  // A guest whose RAM was restored takes room on a tmpfs for each hole that it reads.
  disk = await SmallDisk.mount(560)
  ;({ home, client } = await TestHome.withTiny(disk.path))
}, 300_000)
afterAll(async () => {
  await home.close()
  await disk.unmount()
})

beforeEach(async () => {
  for (const { id } of await client.machine.list({})) await client.machine.delete({ machine: id, force: true })
  await client.trash.empty({})
  await home.bootTiny(client, 'alpha', { memoryMiB: 128, diskMiB: 64 })
}, 120_000)

async function outcome(begun: Promise<{ id: string }>): Promise<string> {
  const job = await client.job.wait({ job: (await begun).id })
  return job.error?.code ?? 'done'
}

const take = (label: string, what: 'disks' | 'ram' = 'disks'): Promise<string> => outcome(client.checkpoint.take({ machine: 'alpha', label, what, freezeFileSystems: 'no' }))
/** Bytes that no file system makes small. */
const write = (name: string): Promise<string> => home.sh(client, 'alpha', `head -c 16000000 /dev/urandom > /data/${name}; md5sum /data/${name} >> /data/sums; sync`)

/** Its own writes may have met the full disk too; then it goes on by itself. */
async function isSound(machine: string): Promise<boolean> {
  await until(async () => (await client.machine.show({ machine })).state === 'running', `${machine} runs`, 30_000)
  return (await home.sh(client, machine, 'echo 3 > /proc/sys/vm/drop_caches; md5sum -c -s /data/sums && echo right')) === 'right\n'
}

const layersOf = async (machine: string): Promise<string[]> => readdir(join((await folderOf(home, client, machine)).disks, 'disk0'))

/** Layers of the machine that nothing names, or that are named and not there. */
async function oddLayers(machine: string): Promise<string[]> {
  const names = await folderOf(home, client, machine)
  const documents = [names.layers, ...(await readdir(names.checkpoints)).map((id) => join(names.checkpoints, id, 'checkpoint.json'))]
  const points = await Promise.all(documents.map(async (path) => (JSON.parse(await readFile(path, 'utf8')) as { disks: { disk0: string[] } }).disks.disk0))
  const [named, there] = [points.flat(), await layersOf(machine)]
  return [...named.filter((file) => !there.includes(file)), ...there.filter((file) => !named.includes(file))]
}

test('layers are merged under a running guest', async () => {
  await take('one')
  await write('a')
  await take('two')
  await write('b')
  await take('three')
  const makeRoom = await disk.fillUp(3_000_000)
  // What it frees is less than what it takes before.
  expect(await outcome(client.checkpoint.delete({ machine: 'alpha', checkpoint: 'two' }))).toBe('no-space')
  await makeRoom()
  expect(await isSound('alpha')).toBe(true)
  expect((await client.checkpoint.list({ machine: 'alpha' })).checkpoints.map(({ label }) => label).sort()).toEqual(['one', 'three'])
  const before = (await layersOf('alpha')).length
  await take('four')
  expect(await outcome(client.checkpoint.delete({ machine: 'alpha', checkpoint: 'three' }))).toBe('done')
  expect((await layersOf('alpha')).length).toBeLessThan(before)
  expect(await isSound('alpha')).toBe(true)
  await client.machine.stop({ machine: 'alpha', force: true })
  expect(await outcome(client.disk.check({ machine: 'alpha' }))).toBe('done')
  for (const label of ['one', 'four']) expect(await outcome(client.checkpoint.delete({ machine: 'alpha', checkpoint: label }))).toBe('done')
  expect(await layersOf('alpha')).toHaveLength(1)
  expect(home.bugs).toEqual([])
}, 120_000)

test.each(['runs', 'is off'])('a fork that %s becomes independent', async (how) => {
  await write('a')
  await client.machine.fork({ machine: 'alpha', name: 'fork', what: 'disks', begin: how === 'runs' ? 'start' : 'pause' })
  if (how === 'runs') await home.ready(client, 'fork')
  else await client.machine.stop({ machine: 'fork', force: true })
  const before = (await layersOf('fork')).length
  for (const leave of [0, 4_000_000]) {
    const makeRoom = await disk.fillUp(leave)
    expect(await outcome(client.machine.promote({ machine: 'fork' }))).toBe('no-space')
    await makeRoom()
    expect(await layersOf('fork')).toHaveLength(before)
    expect((await client.machine.show({ machine: 'fork' })).origin).not.toBeNull()
  }
  expect(await outcome(client.machine.promote({ machine: 'fork' }))).toBe('done')
  expect(await layersOf('fork')).toHaveLength(1)
  if (how !== 'runs') {
    await client.machine.start({ machine: 'fork' })
    await home.ready(client, 'fork')
  }
  expect(await isSound('fork')).toBe(true)
  expect(await isSound('alpha')).toBe(true)
  expect(home.bugs).toEqual([])
}, 120_000)

test('what the checkpoints of a fork share with others', async () => {
  await write('a')
  await client.machine.stop({ machine: 'alpha', force: true })
  await client.machine.fork({ machine: 'alpha', name: 'fork', begin: 'pause' })
  await client.machine.stop({ machine: 'fork', force: true })
  expect(await outcome(client.checkpoint.take({ machine: 'fork', label: 'own' }))).toBe('done')
  // Room for the copy of its disk, and not for that of what its checkpoint stands on.
  const makeRoom = await disk.fillUp(26_000_000)
  expect(await outcome(client.machine.promote({ machine: 'fork' }))).toBe('no-space')
  await makeRoom()
  expect((await layersOf('fork')).filter((name) => name.endsWith('.new'))).toEqual([])
  expect(await outcome(client.machine.promote({ machine: 'fork' }))).toBe('done')
  expect(await outcome(client.disk.check({ machine: 'fork' }))).toBe('done')
  expect(home.bugs).toEqual([])
}, 120_000)

test('a branch and an export', async () => {
  await write('a')
  expect(await take('point', 'ram')).toBe('done')
  await write('b')
  const machines = await readdir(machinesFolder(home.folders))
  for (const leave of [0, 8192, 100_000]) {
    const makeRoom = await disk.fillUp(leave)
    const found = [await outcome(client.checkpoint.branch({ machine: 'alpha', checkpoint: 'point' })), await outcome(client.checkpoint.export({ machine: 'alpha', checkpoint: 'point', name: 'other' }))]
    await makeRoom()
    // A new machine is a few small files; with some room it may be made.
    expect([leave, ...found]).toEqual([leave, 'no-space', leave === 0 ? 'no-space' : expect.stringMatching(/^(?:no-space|done)$/)])
    if (found[1] === 'done') {
      await client.machine.delete({ machine: 'other' })
      await client.trash.empty({})
    }
    expect(await isSound('alpha')).toBe(true)
    // An empty layer more means nothing.
    expect([await readdir(machinesFolder(home.folders)), await oddLayers('alpha')]).toEqual([machines, []])
  }
  expect(await outcome(client.checkpoint.branch({ machine: 'alpha', checkpoint: 'point' }))).toBe('done')
  expect(await isSound('alpha')).toBe(true)
  expect(await outcome(client.checkpoint.export({ machine: 'alpha', checkpoint: 'point', name: 'other' }))).toBe('done')
  expect(home.bugs).toEqual([])
}, 120_000)
