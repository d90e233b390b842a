/** A point that cannot be used is refused before anything is changed: the guest runs on, whatever is missing or does not fit. */
import { randomUUID } from 'node:crypto'
import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { makeIso } from '../../engine/images/image-files.fixture.ts'
import { checkpointFolderNames, type CheckpointFolderNames, type MachineFolderNames } from '../../engine/storage/names.ts'
import { folderOf } from './checkpoint-model.fixture.ts'
import { refusal, TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient
let names: MachineFolderNames
let point: CheckpointFolderNames
let life = ''

interface Stamp {
  madeWith: Record<string, string>
  hardware: { machineType: string }
  cpuFeatures?: string[]
  disks: Record<string, string[]>
  ram: { layers: string[] }
}

beforeAll(async () => {
  ;({ home, client } = await TestHome.withTiny())
  const disc = join(home.root, 'disc.iso')
  await writeFile(disc, makeIso('a disc', 40))
  await home.done(client, client.image.add({ file: disc, name: 'disc' }))
  await client.machine.create({ name: 'alpha', image: 'tiny', memoryMiB: 128, cpus: 1, diskMiB: 48 })
  await client.cdrom.insert({ machine: 'alpha', image: 'disc' })
  await client.machine.start({ machine: 'alpha' })
  await home.ready(client, 'alpha')
  await home.sh(client, 'alpha', 'echo one > /run/mark')
  await home.done(client, client.checkpoint.take({ machine: 'alpha', label: 'one', what: 'ram' }))
  names = await folderOf(home, client, 'alpha')
  point = checkpointFolderNames(names, (await client.checkpoint.show({ machine: 'alpha', checkpoint: 'one' })).id)
  await newLife()
}, 300_000)
afterAll(() => home.close())

/** The guest has a word in its memory that no point has. */
async function newLife(): Promise<void> {
  life = randomUUID()
  await home.sh(client, 'alpha', `echo ${life} > /run/mark`)
}

const readStamp = async (): Promise<Stamp> => JSON.parse(await readFile(point.document, 'utf8')) as Stamp

/** Restoring it and forking it are refused with these codes, in these words; the guest is the very one it was. */
async function expectRefused(what: 'auto' | 'disks', code: string, words: string): Promise<void> {
  const { pid, disks } = await client.machine.show({ machine: 'alpha' })
  const job = await client.job.wait({ job: (await client.checkpoint.restore({ machine: 'alpha', checkpoint: 'one', what })).id })
  expect(job).toMatchObject({ state: 'failed', error: { code } })
  expect(job.error?.message).toContain(words)
  expect(await refusal(client.machine.fork({ machine: 'alpha', checkpoint: 'one', what }))).toBe(code)
  const after = await client.machine.show({ machine: 'alpha' })
  expect([after.state, after.pid, after.disks[0]?.layers]).toEqual(['running', pid, disks[0]?.layers])
  expect(await home.sh(client, 'alpha', 'cat /run/mark')).toBe(`${life}\n`)
  expect((await client.machine.list({})).map(({ name }) => name)).toEqual(['alpha'])
}

async function shown(): Promise<{ ramRefused: string | null; broken: string | null }> {
  const { ramRefused, broken } = await client.checkpoint.show({ machine: 'alpha', checkpoint: 'one' })
  return { ramRefused, broken }
}

test.each<[what: string, words: string, change: (stamp: Stamp) => void]>([
  ['a newer QEMU', 'saved by QEMU 99.1.0', (stamp) => (stamp.madeWith['qemuVersion'] = '99.1.0')],
  ['another board', 'pc-q35-99.1', (stamp) => (stamp.hardware.machineType = stamp.madeWith['machineType'] = 'pc-q35-99.1')],
  ['another CPU', 'the CPU model Zuse', (stamp) => (stamp.madeWith['cpuModel'] = 'Zuse')],
  ['a CPU with more features', 'a CPU with avx512f, avx512vl,', (stamp) => stamp.cpuFeatures?.push('avx512f', 'avx512vl')],
])('what was saved with %s is refused', async (_what, words, change) => {
  const stamp = await readStamp()
  expect(stamp.cpuFeatures).toEqual(expect.arrayContaining(['avx2', 'lm']))
  const original = await readFile(point.document)
  change(stamp)
  await writeFile(point.document, JSON.stringify(stamp))
  await expectRefused('auto', 'unsupported', words)
  expect(await shown()).toEqual({ ramRefused: expect.stringContaining(words) as string, broken: null })
  await writeFile(point.document, original)
  expect(await shown()).toEqual({ ramRefused: null, broken: null })
})

test('what was saved with an accelerator that cannot run a guest here is refused', async () => {
  // Which one that is depends on the host; where both can, there is nothing to be refused.
  const unusable = (await client.host.show({})).accelerators.find(({ usable }) => !usable)
  const original = await readFile(point.document)
  const stamp = await readStamp()
  stamp.madeWith['accelerator'] = unusable?.name ?? 'tcg'
  await writeFile(point.document, JSON.stringify(stamp))
  if (unusable !== undefined) await expectRefused('auto', 'unsupported', 'was saved with')
  expect((await shown()).ramRefused === null).toBe(unusable === undefined)
  await writeFile(point.document, original)
})

test('a point that lost a layer, its kernel or its disc is refused, with or without RAM', async () => {
  const { disks } = await readStamp()
  const layer = join(names.disks, 'disk0', disks['disk0']?.at(-1) ?? '')
  const kernel = join(point.boot, 'vmlinux')
  const disc = join(point.media, (await readdir(point.media))[0] ?? '')
  for (const file of [layer, kernel, disc]) {
    await rename(file, `${file}.away`)
    for (const what of ['auto', 'disks'] as const) await expectRefused(what, 'storage-corrupt', file)
    expect((await shown()).broken).toContain(file)
    await rename(`${file}.away`, file)
  }
})

test('one that lost its RAM is refused with the choice that remains', async () => {
  const { ram } = await readStamp()
  const data = join(names.ram, `${ram.layers[0]}.ram`)
  for (const file of [data, join(names.ram, `${ram.layers[0]}.index`), point.state]) {
    await rename(file, `${file}.away`)
    await expectRefused('auto', 'storage-corrupt', file)
    const { ramRefused, broken } = await shown()
    expect([ramRefused?.includes(file), broken]).toEqual([true, null])
    await rename(`${file}.away`, file)
  }
  await rename(data, `${data}.away`)
  await writeFile(data, 'short')
  await expectRefused('auto', 'storage-corrupt', 'cut off')
  await rename(`${data}.away`, data)
})

test('one that was saved before features were stamped is restored as ever', async () => {
  const { cpuFeatures, ...old } = await readStamp()
  expect(cpuFeatures?.length).toBeGreaterThan(20)
  await writeFile(point.document, JSON.stringify(old))
  await home.done(client, client.checkpoint.restore({ machine: 'alpha', checkpoint: 'one' }))
  expect(await home.sh(client, 'alpha', 'cat /run/mark')).toBe('one\n')
  expect(home.bugs).toEqual([])
})
