/** What the engine knows of boots: how far, how long they take, and of guests that never come up. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient
beforeAll(async () => {
  home = await TestHome.make()
  client = await home.open()
  await home.buildTiny(client)
}, 120_000)
afterAll(() => home.close())

test('a boot that was seen whole is remembered, also by the next engine', async () => {
  await home.bootTiny(client, 'web')
  await expect.poll(async () => (await client.machine.show({ machine: 'web' })).boots.length, { timeout: 20_000 }).toBe(1)
  const { bootPhase, usualBootSeconds, boots, startedAt } = await client.machine.show({ machine: 'web' })
  expect([bootPhase, usualBootSeconds, boots]).toEqual(['ready', boots[0]?.readySeconds, [{ startedAt, phases: expect.any(Object) as object, readySeconds: expect.any(Number) as number }]])
  await home.closeEngine()
  client = await home.open()
  expect(await client.machine.show({ machine: 'web' })).toMatchObject({ boots, usualBootSeconds })
  // Found running, so nothing new is measured, but it is known to be up.
  await expect.poll(async () => (await client.machine.show({ machine: 'web' })).bootPhase, { timeout: 20_000 }).toBe('ready')
  expect((await client.machine.fork({ machine: 'web', count: 1 })).forks.length).toBe(1)
  const fork = (await client.machine.list({})).find(({ origin }) => origin !== null)
  expect([fork?.bootPhase, fork?.usualBootSeconds]).toEqual(['ready', null])
  for (const { id } of await client.machine.list({})) await client.machine.stop({ machine: id, force: true })
})

test('a guest with too little memory restarts again and again, and that is told', async () => {
  await client.machine.create({ name: 'starved', image: 'tiny', memoryMiB: 64, cpus: 1, start: true })
  await expect.poll(async () => (await client.machine.show({ machine: 'starved' })).restartsInMinute, { timeout: 100_000, interval: 500 }).toBeGreaterThanOrEqual(3)
  await client.machine.stop({ machine: 'starved', force: true })
  expect((await client.machine.show({ machine: 'starved' })).restartsInMinute).toBe(0)
})
