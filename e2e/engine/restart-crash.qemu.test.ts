/** An engine that is killed while a machine restarts leaves it to the next, which sees it through or says why not. */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { existsSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../conformance/until.ts'
import { CrashStage } from './checkpoint-crash.fixture.ts'
import { folderOf } from './checkpoint-model.fixture.ts'

let stage: CrashStage
const machine = 'alpha'
const hostPort = 40_027

beforeAll(async () => {
  stage = await CrashStage.open()
  await stage.home.buildTiny(stage.client)
  await stage.home.bootTiny(stage.client, machine, { memoryMiB: 128, forwards: [{ protocol: 'tcp', hostAddress: '127.0.0.1', hostPort, guestPort: 22 }] })
}, 300_000)
afterAll(() => stage.home.close())

async function isForgotten(): Promise<void> {
  const { restart } = await folderOf(stage.home, stage.client, machine)
  await until(() => !existsSync(restart), 'the restart is done with', 30_000)
}

test('the engine is killed between its end and its start', async () => {
  const before = await stage.client.machine.show({ machine })
  expect(await stage.killedAt('restart.off', (client) => client.machine.restart({ machine }))).toBe(true)
  await until(async () => (await stage.client.machine.show({ machine })).state === 'running', 'it runs again', 60_000)
  await stage.home.ready(stage.client, machine)
  expect((await stage.client.machine.show({ machine })).pid).not.toBe(before.pid)
  await isForgotten()
})

test('the engine is killed while its guest shuts down, and a stop has the last word with the next one', async () => {
  const { pid } = await stage.client.machine.show({ machine })
  const restarted = stage.client.machine.restart({ machine }).catch(() => undefined)
  await until(async () => (await stage.client.machine.show({ machine })).state === 'stopping', 'it shuts down', 30_000)
  await stage.killedAtRest()
  await restarted
  await until(async () => ![pid, null].includes((await stage.client.machine.show({ machine })).pid), 'it runs again', 60_000)
  await isForgotten()
  await stage.client.machine.stop({ machine, force: true })
  await stage.killedAtRest()
  expect((await stage.client.machine.show({ machine })).state).toBe('stopped')
})

test('a restart that cannot be finished is given up, and the machine says why', async () => {
  await stage.client.machine.start({ machine })
  const squatter = createServer()
  await stage.killedWhileHalted('restart.off', (client) => client.machine.restart({ machine, force: true }), async () => {
    await new Promise<void>((resolve) => squatter.listen(hostPort, '127.0.0.1', resolve))
  })
  const { eventLog } = await folderOf(stage.home, stage.client, machine)
  await until(async () => (await readFile(eventLog, 'utf8')).includes('could not be finished'), 'it says so', 30_000)
  await isForgotten()
  await new Promise((resolve) => squatter.close(resolve))
  await stage.killedAtRest()
  expect((await stage.client.machine.show({ machine })).state).toBe('stopped')
})
