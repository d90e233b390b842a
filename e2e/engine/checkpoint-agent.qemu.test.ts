/** What the guest's own agent does for a checkpoint: it freezes the file systems for the moment, whatever becomes of the engine, and tells which packages there are. */
import { existsSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { machineRuntimeNames } from '../../engine/storage/names.ts'
import { until } from '../conformance/until.ts'
import { CrashStage } from './checkpoint-crash.fixture.ts'
import { folderOf } from './checkpoint-model.fixture.ts'

let stage: CrashStage
const machine = 'alpha'

beforeAll(async () => {
  stage = await CrashStage.open()
  await stage.home.buildTiny(stage.client)
  await stage.home.bootTiny(stage.client, machine, { memoryMiB: 128, diskMiB: 48 })
}, 300_000)
afterAll(() => stage.home.close())

const sh = (line: string): Promise<string> => stage.home.sh(stage.client, machine, line)
const take = (label: string, freezeFileSystems: 'auto' | 'yes' | 'no') => stage.client.checkpoint.take({ machine, label, what: 'disks', freezeFileSystems })
const isFrozen = async (label: string): Promise<boolean> => (await stage.client.checkpoint.show({ machine, checkpoint: label })).fileSystemsFrozen
/** A guest whose file systems are frozen would wait here for ever. */
const expectThawed = async (word: string): Promise<void> => expect(await sh(`echo ${word} > /data/thawed; sync; cat /data/thawed`)).toBe(`${word}\n`)

test('file systems are frozen where that is wanted, thawed afterwards, and the point has what the guest had not written out', async () => {
  await sh('echo 360000 > /proc/sys/vm/dirty_expire_centisecs; echo 0 > /proc/sys/vm/dirty_writeback_centisecs; echo pending > /data/pending')
  await stage.done(take('frozen', 'yes'))
  expect(await isFrozen('frozen')).toBe(true)
  await expectThawed('one')
  await stage.done(take('auto', 'auto'))
  expect(await isFrozen('auto')).toBe(true)
  await stage.done(take('as it is', 'no'))
  expect(await isFrozen('as it is')).toBe(false)
  await expectThawed('two')
})

test.each(['freeze.stop', 'freeze.transaction', 'freeze.frozen'])('file systems that were frozen when the engine was killed at %s are thawed by the next one', async (step) => {
  const { pid } = await stage.client.machine.show({ machine })
  const killed = await stage.killedAt(step, async (client) => stage.done(client.checkpoint.take({ machine, label: step, what: 'disks', freezeFileSystems: 'yes' }), client))
  expect(killed).toBe(true)
  const after = await stage.client.machine.show({ machine })
  expect([after.state, after.pid]).toEqual(['running', pid])
  await expectThawed(step)
  // And can be frozen again.
  await stage.done(take(`after ${step}`, 'yes'))
  expect(await isFrozen(`after ${step}`)).toBe(true)
  await expectThawed('again')
})

test('the packages of two points are compared, where the guest tells of any', async () => {
  await stage.done(take('no packages', 'no'))
  const packages = async (words: string): Promise<void> => {
    await sh(`printf '#!/bin/sh\\nprintf "${words}"\\n' > /bin/dpkg-query; chmod +x /bin/dpkg-query`)
  }
  await packages('bash\\\\t5.2\\\\nvim\\\\t9.0\\\\nzlib\\\\t1.3\\\\n')
  await stage.done(take('before', 'no'))
  await packages('bash\\\\t5.3\\\\nzlib\\\\t1.3\\\\ncurl\\\\t8.1\\\\n')
  await stage.done(take('after', 'no'))
  const diff = async (a: string, b: string) => (await stage.client.checkpoint.diff({ machine, a, b })).packages
  expect(await diff('before', 'after')).toEqual({ added: ['curl'], removed: ['vim'], changed: [{ name: 'bash', a: '5.2', b: '5.3' }] })
  expect(await diff('no packages', 'after')).toBeNull()
})

test('an agent that obeys when the engine that asked it is dead does not leave them frozen', async () => {
  const { journal } = await folderOf(stage.home, stage.client, machine)
  await sh('kill -STOP $(pidof qemu-ga)')
  const taken = take('late', 'yes').then(({ id }) => stage.client.job.wait({ job: id })).catch(() => undefined)
  await until(() => existsSync(journal), 'it is about to be asked', 30_000)
  await stage.killedAtRest()
  await taken
  await until(() => !existsSync(journal), 'what was under way is settled', 60_000)
  // Neither does one that sleeps longer than the engine after that lives.
  const { thawOwed } = machineRuntimeNames(stage.home.folders, (await stage.client.machine.show({ machine })).id)
  expect(existsSync(thawOwed)).toBe(true)
  await stage.killedAtRest()
  await sh('kill -CONT $(pidof qemu-ga)')
  await until(() => !existsSync(thawOwed), 'it was thawed', 60_000)
  await stage.client.machine.wait({ machine, for: 'agent', timeoutMs: 60_000 })
  await expectThawed('late')
  await stage.done(take('after all', 'yes'))
  expect(await isFrozen('after all')).toBe(true)
  await expectThawed('after all')
}, 300_000)

test('where the agent hangs, who wants them frozen hears why, and they are not left frozen when it wakes', async () => {
  await stage.client.machine.stop({ machine, force: true })
  await stage.done(stage.client.checkpoint.restore({ machine, checkpoint: 'frozen' }))
  await stage.client.machine.start({ machine })
  await stage.home.ready(stage.client, machine)
  // It was never written out by the guest itself, and its power was cut.
  expect(await sh('cat /data/pending')).toBe('pending\n')
  await sh('kill -STOP $(pidof qemu-ga)')
  const job = await stage.client.job.wait({ job: (await take('hung', 'yes')).id })
  expect(job.error).toMatchObject({ code: 'unsupported' })
  expect((await stage.client.machine.show({ machine })).state).toBe('running')
  await sh('kill -CONT $(pidof qemu-ga)')
  await expectThawed('last')
}, 300_000)
