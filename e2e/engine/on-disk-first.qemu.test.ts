/** What a merge, a copy or a promotion wrote is on disk before the layers that said the same until then may go: a power cut in between costs nothing. */
import { readdir, readFile } from 'node:fs/promises'
import { statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { type MachineFolderNames } from '../../engine/storage/names.ts'
import { folderOf } from './checkpoint-model.fixture.ts'
import { TestHome } from './test-home.fixture.ts'
import { watchSyncs } from './watch-syncs.fixture.ts'

let home: TestHome
let client: EngineClient
let stopWatching: () => void

interface Synced {
  readonly file: string
  /** When it was last written to before. */
  readonly writtenAt: bigint
  /** The layers of its folder at that moment. */
  readonly beside: readonly string[]
}

let synced: Synced[] = []

beforeAll(async () => {
  ;({ home, client } = await TestHome.withTiny())
  stopWatching = await watchSyncs(async (path, writtenAt) => {
    if (path.endsWith('.qcow2')) synced.push({ file: basename(path), writtenAt, beside: await readdir(join(path, '..')) })
  })
}, 120_000)
afterAll(async () => {
  stopWatching()
  await home.close()
})

const chainOf = async (names: MachineFolderNames): Promise<string[]> => (JSON.parse(await readFile(names.layers, 'utf8')) as { disks: { disk0: string[] } }).disks.disk0
const done = (begun: Promise<{ id: string }>): Promise<unknown> => begun.then(({ id }) => client.job.wait({ job: id })).then((job) => expect(job.error).toBeNull())
const take = (machine: string, label: string): Promise<unknown> => done(client.checkpoint.take({ machine, label, what: 'disks', freezeFileSystems: 'no' }))
const write = (word: string): Promise<string> => home.sh(client, 'alpha', `head -c 2000000 /dev/urandom > /data/${word}; sync`)

/** `file` was on disk as it is now while all of `before` were still there. */
function expectOnDisk(names: MachineFolderNames, file: string, before: readonly string[]): void {
  const { mtimeNs } = statSync(join(names.disks, 'disk0', file), { bigint: true })
  const last = synced.filter((one) => one.file === file).at(-1)
  expect(last?.writtenAt).toBe(mtimeNs)
  expect(last?.beside).toEqual(expect.arrayContaining([...before]))
}

test.each(['runs', 'is off'])('layers are merged while the machine %s', async (how) => {
  await client.machine.create({ name: 'alpha', image: 'tiny', memoryMiB: 192, cpus: 1, start: true })
  await home.ready(client, 'alpha')
  for (const label of ['one', 'two', 'three']) {
    await write(label)
    await take('alpha', label)
  }
  if (how === 'is off') await client.machine.stop({ machine: 'alpha', force: true })
  const names = await folderOf(home, client, 'alpha')
  const before = await chainOf(names)
  synced = []
  // The layer of `two` goes into that of `one`, which nobody needs by itself any more.
  await done(client.checkpoint.delete({ machine: 'alpha', checkpoint: 'one' }))
  const after = await chainOf(names)
  expect(after).toHaveLength(before.length - 1)
  const into = before[before.findIndex((file) => !after.includes(file)) - 1] ?? ''
  expectOnDisk(names, into, before)
  await client.machine.delete({ machine: 'alpha', force: true })
})

test('a machine that is off becomes independent', async () => {
  await client.machine.create({ name: 'beta', image: 'tiny' })
  await take('beta', 'point')
  const names = await folderOf(home, client, 'beta')
  const before = await chainOf(names)
  synced = []
  await done(client.machine.promote({ machine: 'beta' }))
  expectOnDisk(names, (await chainOf(names))[0] ?? '', before)
})

test('a machine that runs becomes independent', async () => {
  await client.machine.create({ name: 'alpha', image: 'tiny', memoryMiB: 192, cpus: 1, start: true })
  await home.ready(client, 'alpha')
  await write('word')
  await take('alpha', 'point')
  const names = await folderOf(home, client, 'alpha')
  const before = await chainOf(names)
  synced = []
  await done(client.machine.promote({ machine: 'alpha' }))
  const [top = ''] = await chainOf(names)
  // The guest writes on meanwhile.
  expect(synced.find(({ file }) => file === top)?.beside).toEqual(expect.arrayContaining(before))
})
