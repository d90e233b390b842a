/** The host's disk is full at one step of an act, and there is room again afterwards: what was said of the act is true. */
import { existsSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CrashStage, noteRestored, noteTaken } from './checkpoint-crash.fixture.ts'
import { folderOf, isSame, newModel, readPresentContent, verifyMachine } from './checkpoint-model.fixture.ts'
import { SmallDisk } from './small-disk.fixture.ts'

let disk: SmallDisk
let stage: CrashStage

beforeAll(async () => {
  disk = await SmallDisk.mount(64)
  stage = await CrashStage.open(disk.path)
}, 60_000)
afterAll(async () => {
  await stage.home.close()
  await disk.unmount()
})

test('a checkpoint that is on record was taken, whatever can be written after that', async () => {
  const model = await stage.begin('taken')
  await stage.take(model, 'first')
  await stage.change(model, 3)
  let makeRoom = (): Promise<void> => Promise.resolve()
  expect(await stage.haltedAt('take.recorded', async (client) => {
    const { id } = await client.checkpoint.take({ machine: 'taken', label: 'second' })
    const job = await client.job.wait({ job: id })
    await makeRoom()
    expect(job.error).toBeNull()
    expect((await client.checkpoint.list({ machine: 'taken' })).checkpoints.map(({ label }) => label)).toEqual(['first', 'second'])
    await stage.done(client.checkpoint.take({ machine: 'taken', label: 'third' }), client)
  }, async () => {
    makeRoom = await disk.fillUp(0)
  })).toBe(true)
  noteTaken(model, 'second')
  noteTaken(model, 'third')
  await verifyMachine(stage.home, stage.client, model)
})

test('a clone of a machine that is half restored is one of the machine as it was to become', async () => {
  const model = await stage.begin('half')
  await stage.take(model, 'first')
  await stage.change(model, 1, 4)
  const { journal } = await folderOf(stage.home, stage.client, 'half')
  let makeRoom = (): Promise<void> => Promise.resolve()
  let outcome = ''
  expect(await stage.haltedAt('restore:switching', async (client) => {
    const { id } = await client.checkpoint.restore({ machine: 'half', checkpoint: 'first' })
    outcome = (await client.job.wait({ job: id })).error?.code ?? 'done'
    await makeRoom()
    expect(existsSync(journal)).toBe(true)
    await stage.done(client.machine.clone({ machine: 'half', name: 'copy' }), client)
    expect(existsSync(journal)).toBe(false)
  }, async () => {
    makeRoom = await disk.fillUp(0)
  })).toBe(true)
  expect(outcome).toBe('no-space')
  noteRestored(model, 'first')
  await verifyMachine(stage.home, stage.client, model)
  expect(isSame(await readPresentContent(await folderOf(stage.home, stage.client, 'copy')), model.present)).toBe(true)
  await verifyMachine(stage.home, stage.client, { ...newModel('copy'), present: model.present })
})
