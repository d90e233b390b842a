/** The engine is killed at every step of every act on layers. The next one finishes or undoes it; nothing is lost, nothing is left over. */
import { existsSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { trashFolder } from '../../engine/storage/names.ts'
import { until } from '../conformance/until.ts'
import { CrashStage, noteDeleted, noteRestored, noteTaken } from './checkpoint-crash.fixture.ts'
import { folderOf, isSame, newModel, readPresentContent, verifyMachine } from './checkpoint-model.fixture.ts'

let stage: CrashStage

beforeAll(async () => {
  stage = await CrashStage.open()
}, 60_000)
afterAll(() => stage.home.close())

test.each(['take:preparing', 'take.layered', 'take:recording', 'take.recorded', 'take.parent'])('a checkpoint, killed at %s', async (step) => {
  const model = await stage.begin(step)
  await stage.take(model, 'first')
  await stage.change(model, 2, 3)
  expect(await stage.killedAt(step, (dying) => stage.done(dying.checkpoint.take({ machine: step, label: 'second' }), dying))).toBe(true)
  const isThere = await stage.hasPoint(model, 'second')
  expect(isThere).toBe(step !== 'take:preparing' && step !== 'take.layered')
  if (isThere) noteTaken(model, 'second')
  await verifyMachine(stage.home, stage.client, model)
  await stage.change(model, 4)
  await stage.take(model, 'third')
  await verifyMachine(stage.home, stage.client, model)
})

test.each(['restore:preparing', 'restore:switching', 'restore.belongings', 'restore.hardware', 'restore.config', 'restore.layers'])('a restore, killed at %s', async (step) => {
  const model = await stage.begin(step)
  await stage.take(model, 'first')
  await stage.change(model, 2, 3)
  await stage.take(model, 'second')
  await stage.change(model, 1)
  expect(await stage.killedAt(step, (dying) => stage.done(dying.checkpoint.restore({ machine: step, checkpoint: 'first' }), dying))).toBe(true)
  const first = model.points.get('first')?.content ?? new Map<number, number>()
  const isRestored = isSame(await readPresentContent(await folderOf(stage.home, stage.client, step)), first)
  expect(isRestored).toBe(step !== 'restore:preparing')
  if (isRestored) noteRestored(model, 'first')
  await verifyMachine(stage.home, stage.client, model)
})

test.each(['delete:begun', 'delete.children', 'delete.present', 'delete.removed', 'merge:merging', 'merge.committed', 'merge:merged', 'merge.checkpoints', 'merge.layers'])('a deletion, killed at %s', async (step) => {
  const model = await stage.begin(step)
  await stage.take(model, 'first')
  await stage.change(model, 2, 3)
  await stage.take(model, 'second')
  await stage.change(model, 3, 4)
  await stage.take(model, 'third')
  await stage.change(model, 5)
  expect(await stage.killedAt(step, (dying) => stage.done(dying.checkpoint.delete({ machine: step, checkpoint: 'second' }), dying))).toBe(true)
  expect(await stage.hasPoint(model, 'second')).toBe(false)
  noteDeleted(model, 'second')
  await verifyMachine(stage.home, stage.client, model)
  await stage.done(stage.client.checkpoint.delete({ machine: step, checkpoint: 'first' }))
  noteDeleted(model, 'first')
  await verifyMachine(stage.home, stage.client, model)
})

test.each(['copy:begun', 'promote.copied', 'promote.recorded', 'promote.owned'])('a promotion, killed at %s', async (step) => {
  const parent = await stage.begin(`${step} parent`)
  await stage.take(parent, 'first')
  await stage.done(stage.client.checkpoint.export({ machine: parent.name, checkpoint: 'first', name: step }))
  const model = { ...newModel(step), present: parent.present }
  // What its checkpoint stands on is shared with the parent still.
  await stage.take(model, 'own')
  await stage.change(model, 3)
  expect(await stage.killedAt(step, (dying) => stage.done(dying.machine.promote({ machine: step }), dying))).toBe(true)
  await verifyMachine(stage.home, stage.client, model)
  await stage.done(stage.client.machine.promote({ machine: step }))
  for (const each of [model, parent]) await verifyMachine(stage.home, stage.client, each)
})

test.each([['take:recording', 'take.recorded'], ['take:recording', 'take.parent'], ['take.recorded', 'take.parent']])('a checkpoint, killed at %s, and what settles it at %s', async (step, recovering) => {
  const name = `${step} ${recovering}`
  const model = await stage.begin(name)
  await stage.take(model, 'first')
  await stage.change(model, 2, 3)
  expect(await stage.killedTwice(step, recovering, (dying) => stage.done(dying.checkpoint.take({ machine: name, label: 'second' }), dying))).toBe(true)
  noteTaken(model, 'second')
  await verifyMachine(stage.home, stage.client, model)
})

test.each([['restore:switching', 'restore.belongings'], ['restore:switching', 'restore.hardware'], ['restore.belongings', 'restore.layers']])('a restore, killed at %s, and what settles it at %s', async (step, recovering) => {
  const name = `${step} ${recovering}`
  const model = await stage.begin(name)
  await stage.take(model, 'first')
  await stage.change(model, 2, 3)
  expect(await stage.killedTwice(step, recovering, (dying) => stage.done(dying.checkpoint.restore({ machine: name, checkpoint: 'first' }), dying))).toBe(true)
  noteRestored(model, 'first')
  await verifyMachine(stage.home, stage.client, model)
})

test.each([['delete:begun', 'delete.children'], ['delete.children', 'delete.present'], ['delete.present', 'delete.removed'], ['merge:merged', 'merge.checkpoints'], ['merge.checkpoints', 'merge.layers']])('a deletion, killed at %s, and what settles it at %s', async (step, recovering) => {
  const name = `${step} ${recovering}`
  const model = await stage.begin(name)
  await stage.take(model, 'first')
  await stage.change(model, 2, 3)
  await stage.take(model, 'second')
  await stage.change(model, 5)
  expect(await stage.killedTwice(step, recovering, (dying) => stage.done(dying.checkpoint.delete({ machine: name, checkpoint: 'first' }), dying))).toBe(true)
  noteDeleted(model, 'first')
  await verifyMachine(stage.home, stage.client, model)
})

test('a machine that comes out of the trash with an act half done: that is settled', async () => {
  const model = await stage.begin('put away')
  await stage.take(model, 'first')
  await stage.change(model, 2)
  const { folder, journal } = await folderOf(stage.home, stage.client, 'put away')
  await stage.killedWhileHalted('take:recording', (client) => stage.done(client.checkpoint.take({ machine: 'put away', label: 'second' }), client), async () => {
    const trash = trashFolder(stage.home.folders)
    await mkdir(trash, { recursive: true })
    await rename(folder, join(trash, `${basename(folder)}.${Date.now()}`))
  })
  await stage.client.trash.restore({ machine: 'put away' })
  await until(() => !existsSync(journal), 'it is settled')
  expect(await stage.hasPoint(model, 'second')).toBe(true)
  noteTaken(model, 'second')
  await verifyMachine(stage.home, stage.client, model)
})

test('a chain that is made short, killed at copy.pulled', async () => {
  const model = await stage.begin('deep')
  for (let number = 0; number < 15; number++) await stage.take(model, `p${number}`)
  await stage.change(model, 4)
  expect(await stage.killedAt('copy.pulled', (dying) => stage.done(dying.checkpoint.take({ machine: 'deep', label: 'last' }), dying))).toBe(true)
  noteTaken(model, 'last')
  await verifyMachine(stage.home, stage.client, model)
  await stage.take(model, 'after')
  await verifyMachine(stage.home, stage.client, model)
})
