/** The engine is killed while a template is made, and while a new one takes the place of the old: the next one removes what is half made, and finishes what is whole. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../conformance/until.ts'
import { CrashStage } from './checkpoint-crash.fixture.ts'

let stage: CrashStage
let number = 0

beforeAll(async () => {
  stage = await CrashStage.open()
  await stage.home.buildTiny(stage.client)
  await stage.home.bootTiny(stage.client, 'source', { memoryMiB: 128 })
}, 300_000)
afterAll(() => stage.home.close())

const rows = async (): Promise<string[]> => (await stage.client.machine.list({})).map(({ name, role, state }) => `${name} ${role} ${state}`).sort()
const make = (client = stage.client): Promise<void> => stage.done(client.template.make({ name: 'copy', machine: 'source', ready: 'helper' }), client)

/** What the forks of the template will find. */
async function mark(): Promise<string> {
  const word = `m${number++}`
  await stage.home.sh(stage.client, 'source', `echo ${word} > /run/mark`)
  return word
}

async function expectFork(word: string): Promise<void> {
  await stage.client.machine.fork({ machine: 'copy', name: 'fork', throwaway: true })
  expect((await stage.home.sh(stage.client, 'fork', 'cat /run/mark')).trim()).toBe(word)
  await stage.client.machine.stop({ machine: 'fork', force: true })
  await until(async () => !(await rows()).some((row) => row.startsWith('fork')), 'the fork is gone')
}

test('of an image, killed when its machine is there: nothing is left', async () => {
  expect(await stage.killedAt('template.begun', (client) => stage.done(client.template.make({ name: 'tiny', memoryMiB: 128 }), client))).toBe(true)
  expect(await rows()).toEqual(['source machine running'])
  expect(await stage.client.template.list({})).toEqual([])
})

test('of a machine as it runs, killed when its fork is there: nothing is left', async () => {
  expect(await stage.killedAt('template.begun', make)).toBe(true)
  expect(await rows()).toEqual(['source machine running'])
})

test('killed when it is whole: it is there', async () => {
  const word = await mark()
  expect(await stage.killedAt('template.made', make)).toBe(true)
  expect(await rows()).toEqual(['copy template stopped', 'source machine running'])
  await expectFork(word)
})

test.each(['template.begun', 'template.made', 'template.replacing', 'template.renamed'])('made anew, killed at %s: there is one, the old or the new', async (step) => {
  const old = await mark()
  await make()
  const word = await mark()
  expect(await stage.killedAt(step, make)).toBe(true)
  expect(await rows()).toEqual(['copy template stopped', 'source machine running'])
  expect(await stage.client.template.list({})).toMatchObject([{ name: 'copy', broken: null }])
  await expectFork(step === 'template.begun' ? old : word)
})
