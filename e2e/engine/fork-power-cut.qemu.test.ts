/** What a power cut may leave of forks that were not waited for: the next engine removes what is not whole, and keeps the rest. */
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { forkMarksFolder, machineFolderNames, type MachineFolderNames, machinesFolder } from '../../engine/storage/names.ts'
import { TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient

beforeAll(async () => {
  home = await TestHome.make()
  client = await home.open()
  await client.machine.create({ name: 'parent', diskMiB: 16 })
}, 60_000)
afterAll(() => home.close())

/** The active layer of its disk. */
async function ownLayer(names: MachineFolderNames): Promise<string> {
  const { disks } = JSON.parse(await readFile(names.layers, 'utf8')) as { disks: { disk0: string[] } }
  return join(names.disks, 'disk0', disks.disk0.at(-1) ?? '')
}

/** As some file systems leave a file that was not synced: its length is there, its content is not. */
async function zero(path: string): Promise<void> {
  const { size } = await stat(path)
  await truncate(path, 0)
  await truncate(path, size)
}

const harms: Record<string, (names: MachineFolderNames) => Promise<void>> = {
  whole: () => Promise.resolve(),
  'empty layer': async (names) => truncate(await ownLayer(names), 0),
  'zeroed layer': async (names) => zero(await ownLayer(names)),
  'layer without tables': async (names) => {
    const path = await ownLayer(names)
    const { size } = await stat(path)
    await truncate(path, 4096)
    await truncate(path, size)
  },
  'no chains': async (names) => truncate(names.layers, 0),
  'empty variables': (names) => writeFile(names.nvram, ''),
}

test('a fork is kept only where all of it is there', async () => {
  for (const name of Object.keys(harms)) {
    await client.machine.fork({ machine: 'parent', name, begin: 'pause' })
    await client.machine.stop({ machine: name, force: true })
  }
  const ids = new Map((await client.machine.list({})).map(({ name, id }) => [name, id]))
  await home.closeEngine()
  for (const [name, harm] of Object.entries(harms)) {
    const id = ids.get(name) ?? ''
    await harm(machineFolderNames(join(machinesFolder(home.folders), id)))
    await writeFile(join(forkMarksFolder(home.folders), id), 'made 00000000-0000-4000-8000-000000000000\n')
  }
  client = await home.open()
  expect((await client.machine.list({})).map(({ name }) => name).sort()).toEqual(['parent', 'whole'])
  expect(new Set(await readdir(machinesFolder(home.folders)))).toEqual(new Set([ids.get('parent'), ids.get('whole')]))
  expect(await readdir(forkMarksFolder(home.folders))).toEqual([])
  await client.machine.start({ machine: 'whole' })
  await client.machine.stop({ machine: 'whole', force: true })
}, 60_000)
