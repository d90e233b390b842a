/** Templates of the tiny guest in a real engine: made, forked, made anew, and what cannot be done with them. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Job } from '../../contract/job.ts'
import type { EngineClient } from '../../engine/engine-face.ts'
import { refusal, TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient

beforeAll(async () => {
  home = await TestHome.make()
  client = await home.open()
  await home.buildTiny(client)
}, 120_000)
afterAll(() => home.close(), 60_000)

async function make(request: Parameters<EngineClient['template']['make']>[0]): Promise<Job> {
  return client.job.wait({ job: (await client.template.make(request)).id })
}

test('a template is made of the image, is listed, and can only be forked', async () => {
  const job = await make({ name: 'tiny', memoryMiB: 192, cpus: 1 })
  expect(job.error).toBeNull()
  const [template] = await client.template.list({})
  console.log(JSON.stringify(template))
  expect(template).toMatchObject({ name: 'tiny', ready: 'serial:MAYFLY READY', image: { name: 'tiny' }, outdated: false, cpus: 1, memoryMiB: 192, broken: null })
  expect((await client.machine.list({})).map(({ name, role, state }) => `${name} ${role} ${state}`)).toEqual(['tiny template stopped'])
  expect(await refusal(client.machine.start({ machine: 'tiny' }))).toBe('conflict')
  expect(await refusal(client.machine.set({ machine: 'tiny', cpus: 2 }))).toBe('conflict')
}, 120_000)
