/**
 * A QEMU that does not load the RAM library. Saving, going back and forking work all the same, by a stream that has all of the RAM;
 * what was saved in layers is refused, and said why.
 */
import { readdir, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { checkpointFolderNames } from '../../engine/storage/names.ts'
import { folderOf } from './checkpoint-model.fixture.ts'
import { askGuest, beginProof, writeDisk, writeRam } from './living-guest.fixture.ts'
import { buildPlainQemu } from './plain-qemu.fixture.ts'
import { refusal, TestHome } from './test-home.fixture.ts'
import { watchSyncs } from './watch-syncs.fixture.ts'

let home: TestHome
let client: EngineClient
let before: string | undefined
let plain = ''

/** Another engine takes over, with this QEMU or the usual one. */
async function use(qemu: string | undefined): Promise<void> {
  await home.closeEngine()
  if (qemu === undefined) delete process.env['MAYFLY_QEMU']
  else process.env['MAYFLY_QEMU'] = qemu
  client = await home.open()
}

beforeAll(async () => {
  before = process.env['MAYFLY_QEMU']
  home = await TestHome.make()
  plain = await buildPlainQemu(home.root)
  client = await home.open()
  await home.buildTiny(client)
  await use(plain)
}, 300_000)
afterAll(async () => {
  await home.close()
  if (before === undefined) delete process.env['MAYFLY_QEMU']
  else process.env['MAYFLY_QEMU'] = before
})

async function done(begun: Promise<{ id: string }>): Promise<void> {
  const job = await client.job.wait({ job: (await begun).id })
  if (job.error !== null) throw new Error(JSON.stringify(job.error))
}

async function boot(name: string): Promise<void> {
  await client.machine.create({ name, image: 'tiny', memoryMiB: 128, cpus: 1, diskMiB: 48 })
  await client.disk.add({ machine: name, sizeMiB: 16 })
  await client.machine.start({ machine: name })
  await home.ready(client, name)
  await write(name, 1)
  await beginProof(home, client, name)
}

async function write(machine: string, value: number): Promise<void> {
  await writeDisk(home, client, machine, value)
  await writeRam(home, client, machine, value)
}

const says = (machine: string) => askGuest(home, client, machine)
const isWell = (value: number) => ({ ram: value, disk: value, broken: '' })
const ramFiles = async (machine: string): Promise<string[]> => readdir((await folderOf(home, client, machine)).ram).catch(() => [])

test('a machine is saved with its RAM and taken back', async () => {
  await boot('plain')
  expect((await client.host.doctor({})).results.find(({ id }) => id === 'ram-library')?.status).toBe('warning')
  const synced: string[] = []
  const stopWatching = await watchSyncs((path, writtenAt) => {
    synced.push(`${basename(path)} ${writtenAt}`)
  })
  await done(client.checkpoint.take({ machine: 'plain', label: 'one', what: 'ram' })).finally(stopWatching)
  const [point] = (await client.checkpoint.list({ machine: 'plain' })).checkpoints
  if (point === undefined) throw new Error('It was saved.')
  const { state } = checkpointFolderNames(await folderOf(home, client, 'plain'), point.id)
  expect(synced).toContain(`${basename(state)} ${(await stat(state, { bigint: true })).mtimeNs}`)
  await write('plain', 2)
  await done(client.checkpoint.take({ machine: 'plain', label: 'two', what: 'ram' }))
  await write('plain', 3)
  expect(await ramFiles('plain')).toEqual([])
  await done(client.checkpoint.restore({ machine: 'plain', checkpoint: 'one' }))
  expect(await says('plain')).toEqual(isWell(1))
  await done(client.checkpoint.branch({ machine: 'plain', checkpoint: 'two', presentLabel: 'kept' }))
  expect(await says('plain')).toEqual(isWell(2))
  await client.machine.pause({ machine: 'plain' })
  await done(client.checkpoint.take({ machine: 'plain', label: 'paused', what: 'ram' }))
  await client.machine.resume({ machine: 'plain' })
  expect(await says('plain')).toEqual(isWell(2))
})

test('it is forked while it runs, its fork is, and so is a checkpoint; it is told that memory was copied', async () => {
  const { notes } = await client.machine.fork({ machine: 'plain', name: 'first' })
  expect(notes.join(' ')).toContain('copied')
  await write('first', 4)
  await client.machine.fork({ machine: 'first', name: 'second' })
  await write('second', 5)
  await client.machine.fork({ machine: 'plain', name: 'third', checkpoint: 'one' })
  await client.machine.delete({ machine: 'first', force: true })
  await client.trash.empty({})
  for (const [machine, value] of [['plain', 2], ['second', 5], ['third', 1]] as const) expect([machine, await says(machine)]).toEqual([machine, isWell(value)])
  await done(client.machine.promote({ machine: 'second' }))
  expect(await says('second')).toEqual(isWell(5))
  for (const machine of ['second', 'third']) await client.machine.delete({ machine, force: true })
})

test('what was saved so is taken back by a QEMU that has the library, and saved again in layers; those are then refused where it is not', async () => {
  await use(before)
  await done(client.checkpoint.restore({ machine: 'plain', checkpoint: 'one' }))
  expect(await says('plain')).toEqual(isWell(1))
  await done(client.checkpoint.take({ machine: 'plain', label: 'layered', what: 'ram' }))
  expect((await ramFiles('plain')).length).toBe(2)
  await write('plain', 6)
  await use(plain)
  // It runs on with the library, whatever the engine finds for others.
  expect(await says('plain')).toEqual(isWell(6))
  expect((await client.checkpoint.list({ machine: 'plain' })).checkpoints.flatMap(({ label, ramRefused }) => (ramRefused === null ? [] : [label]))).toEqual(['layered'])
  const job = await client.job.wait({ job: (await client.checkpoint.restore({ machine: 'plain', checkpoint: 'layered' })).id })
  expect(job.error).toMatchObject({ code: 'unsupported' })
  expect(job.error?.message).toContain('library')
  expect(await refusal(client.machine.fork({ machine: 'plain', checkpoint: 'layered' }))).toBe('unsupported')
  expect(await refusal(client.machine.fork({ machine: 'plain', what: 'ram' }))).toBe('unsupported')
  expect(await says('plain')).toEqual(isWell(6))
  await done(client.checkpoint.restore({ machine: 'plain', checkpoint: 'layered', what: 'disks' }))
  expect((await client.machine.show({ machine: 'plain' })).state).toBe('stopped')
  await done(client.checkpoint.restore({ machine: 'plain', checkpoint: 'two' }))
  expect(await says('plain')).toEqual(isWell(2))
  for (const { label } of (await client.checkpoint.list({ machine: 'plain' })).checkpoints) await done(client.checkpoint.delete({ machine: 'plain', checkpoint: label }))
  expect(await ramFiles('plain')).toEqual([])
  expect(await says('plain')).toEqual(isWell(2))
  expect(home.bugs).toEqual([])
})
