/** Many forks at once put their layers on one machine before anybody has a turn to make its chains short: they stay within what a chain may have. */
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { makeOverlays, nameOverlays, onTop, setTips } from '../../engine/checkpoint/overlays.ts'
import { readLayers, writeLayers } from '../../engine/machine/layers.ts'
import type { MachineFolderNames } from '../../engine/storage/names.ts'
import { until } from '../conformance/until.ts'
import { folderOf } from './checkpoint-model.fixture.ts'
import { refusal, TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient
let names: MachineFolderNames

/** What seventy forks asked for at once would have made of it, without their processes. */
const deep = 60

beforeAll(async () => {
  ;({ home, client } = await TestHome.withTiny())
  await home.bootTiny(client, 'parent', { memoryMiB: 128 })
  await home.sh(client, 'parent', 'head -c 3000000 /dev/urandom > /data/file; md5sum /data/file > /data/sum; sync')
  await client.machine.stop({ machine: 'parent' })
  names = await folderOf(home, client, 'parent')
}, 300_000)
afterAll(() => home.close())

const depth = async (): Promise<number> => (JSON.parse(await readFile(names.layers, 'utf8')) as { disks: { disk0: string[] } }).disks.disk0.length

/** Puts empty layers on the disk of the machine, which is off, until it has that many. */
async function deepen(most: number): Promise<void> {
  for (let layers = await readLayers(names); (layers['disk0']?.length ?? 0) < most; layers = await readLayers(names)) {
    const overlays = nameOverlays(layers)
    await makeOverlays(names, layers, overlays)
    await setTips(names, layers, 0o444)
    await writeLayers(names, onTop(layers, overlays))
  }
}

const forkAtOnce = (count: number, begin: 'start' | 'pause'): Promise<unknown[]> => Promise.all(Array.from({ length: count }, () => client.machine.fork({ machine: 'parent', begin, throwaway: true })))

async function endForks(): Promise<void> {
  await Promise.all((await client.machine.list({})).filter(({ throwaway }) => throwaway).map(({ id }) => client.machine.stop({ machine: id, force: true })))
  await until(async () => (await client.machine.list({})).length === 1, 'the forks are gone', 60_000)
}

test('of a machine that is off', async () => {
  await deepen(deep)
  await forkAtOnce(6, 'pause')
  expect(await depth()).toBeLessThan(deep)
  await endForks()
})

test('of a machine that runs', async () => {
  await deepen(deep)
  await client.machine.start({ machine: 'parent' })
  await home.ready(client, 'parent')
  await forkAtOnce(4, 'start')
  expect(await depth()).toBeLessThan(deep)
  for (const { id } of await client.machine.list({})) expect(await home.sh(client, id, 'md5sum -c -s /data/sum && echo right')).toBe('right\n')
  await endForks()
  await client.machine.stop({ machine: 'parent', force: true })
}, 120_000)

test('a chain that cannot be made shorter is said, and nothing is put on it', async () => {
  await deepen(64)
  const { disk0 = [] } = await readLayers(names)
  expect(disk0).toHaveLength(64)
  const job = await client.job.wait({ job: (await client.checkpoint.take({ machine: 'parent', label: 'more', what: 'disks' })).id })
  expect(job.error).toMatchObject({ code: 'conflict' })
  expect(await readLayers(names)).toEqual({ disk0 })
  expect(await refusal(client.machine.fork({ machine: 'parent', begin: 'pause', throwaway: true }))).toMatchObject({ unexpected: {} })
  expect(await depth()).toBeLessThan(16)
  await endForks()
  expect(home.bugs).toEqual([])
})
