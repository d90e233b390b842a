/** Templates of the tiny guest in a real engine: made, forked, made anew, and what cannot be done with them. */
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineEvent } from '../../contract/event.ts'
import type { Job } from '../../contract/job.ts'
import type { EngineClient } from '../../engine/engine-face.ts'
import { until } from '../conformance/until.ts'
import { refusal, TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient

beforeAll(async () => {
  ;({ home, client } = await TestHome.withTiny())
}, 120_000)
afterAll(() => home.close(), 60_000)

async function make(request: Parameters<EngineClient['template']['make']>[0]): Promise<Job> {
  return client.job.wait({ job: (await client.template.make(request)).id })
}

const rows = async (): Promise<string[]> => (await client.machine.list({})).map(({ name, role, state }) => `${name} ${role} ${state}`)

/** What a shell line writes in a throwaway fork. */
async function inFork(template: string, line: string): Promise<string> {
  const { run } = await client.run.start({ template, argv: ['sh', '-c', line] })
  await until(async () => (await client.run.show({ run: run.id })).state !== 'running', 'the run is over')
  const over = await client.run.show({ run: run.id })
  let text = ''
  for await (const piece of await client.run.followOutput({ run: run.id })) text += piece.text
  if (over.state !== 'passed') throw new Error(`${JSON.stringify(over.cells)} ${text}`)
  return text
}

test('a template is made of the image, told, and can only be forked', async () => {
  const stop = new AbortController()
  const told: string[] = []
  const watching = (async () => {
    for await (const event of (await client.events.watch({}, { signal: stop.signal })) as AsyncIterable<EngineEvent>) if (event.type === 'template.changed') told.push(event.template.checkpoint === null ? 'being made' : 'made')
  })().catch(() => undefined)
  const job = await make({ name: 'tiny', memoryMiB: 256, cpus: 1 })
  expect(job.error).toBeNull()
  await until(() => told.includes('made'), 'it is told')
  stop.abort()
  await watching
  expect(told[0]).toBe('being made')
  expect(await client.template.list({})).toMatchObject([{ name: 'tiny', ready: 'serial:MAYFLY READY', image: { name: 'tiny' }, outdated: false, cpus: 1, memoryMiB: 256, ceilings: { cpus: 1, memoryMiB: 256 }, broken: null, forks: 0, checkpoint: job.result?.checkpoint }])
  expect(await rows()).toEqual(['tiny template stopped'])
  expect(await refusal(client.machine.start({ machine: 'tiny' }))).toBe('conflict')
  expect(await refusal(client.machine.set({ machine: 'tiny', cpus: 2 }))).toBe('conflict')
  await expect(client.guest.run({ machine: 'tiny', argv: ['true'] })).rejects.toMatchObject({ code: 'conflict', details: { state: 'template' } })
  expect(await refusal(client.template.make({ name: 'other', image: 'no-such-image' }))).toBe('not-found')
}, 120_000)

test('its forks begin where it was ready, each with the clock of now', async () => {
  const [first = '', uptime = ''] = (await inFork('tiny', 'date +%s; cut -d. -f1 /proc/uptime; touch /tmp/mark')).split('\n')
  expect(Math.abs(Number(first) - Date.now() / 1000)).toBeLessThan(30)
  expect(Number(uptime)).toBeLessThan(100)
  expect(await inFork('tiny', 'ls /tmp')).not.toContain('mark')
  const { forks } = await client.machine.fork({ machine: 'tiny', name: 'copy', throwaway: true })
  expect(forks[0]?.machine).toMatchObject({ role: 'machine', state: 'running', origin: { machineName: 'tiny' } })
  expect((await client.template.list({}))[0]).toMatchObject({ forks: 1 })
  await client.machine.stop({ machine: 'copy', force: true })
  await until(async () => (await rows()).join() === 'tiny template stopped', 'the fork is gone')
}, 120_000)

test('it is made anew by its name alone, in place of the old one; one that does not get ready leaves the old one', async () => {
  const [before] = await client.template.list({})
  const failed = await make({ name: 'tiny', ready: 'command:false', timeoutSeconds: 8 })
  expect(failed).toMatchObject({ state: 'failed', error: { code: 'timeout' } })
  expect(await client.template.list({})).toMatchObject([{ machine: before?.machine }])
  const again = await make({ name: 'tiny', ready: 'command:test -e /proc/uptime' })
  expect(again.error).toBeNull()
  const after = await client.template.list({})
  expect(after).toMatchObject([{ name: 'tiny', ready: 'command:test -e /proc/uptime', memoryMiB: 256, broken: null }])
  expect(after[0]?.machine).not.toBe(before?.machine)
  expect(await rows()).toEqual(['tiny template stopped'])
}, 120_000)

test('it can be made of a machine as it runs, and of one that is off', async () => {
  await home.bootTiny(client, 'source', { diskMiB: 64 })
  await home.sh(client, 'source', 'echo in-ram > /tmp/state; echo on-disk > /data/state; sync')
  expect((await make({ name: 'live', machine: 'source', ready: 'helper' })).error).toBeNull()
  expect(await inFork('live', 'cat /tmp/state /data/state')).toBe('in-ram\non-disk\n')
  expect(await refusal(client.template.make({ name: 'more', machine: 'source', maxCpus: 4 }))).toBe('unsupported')
  await client.machine.stop({ machine: 'source', force: true })
  expect((await make({ name: 'booted', machine: 'source', ready: 'serial:MAYFLY READY', maxCpus: 2 })).error).toBeNull()
  expect(await client.template.list({})).toMatchObject([{ name: 'booted', ceilings: { cpus: 2 }, image: null }, { name: 'live' }, { name: 'tiny' }])
  expect(await inFork('booted', 'cat /data/state; ls /tmp')).toBe('on-disk\n')
  await client.machine.delete({ machine: 'source' })
  for (const template of ['live', 'booted']) await client.template.remove({ template })
  expect(await rows()).toEqual(['tiny template stopped'])
}, 180_000)

test('processes wait when they are asked to, are told, and go with the template', async () => {
  expect(await client.template.setPool({ template: 'tiny', wanted: '1' })).toMatchObject({ pool: { wanted: 1 } })
  await until(async () => (await client.template.list({}))[0]?.pool.waiting === 1, 'one waits', 60_000)
  expect(await inFork('tiny', 'echo warm')).toBe('warm\n')
  await client.template.remove({ template: 'tiny' })
  expect(await client.template.list({})).toEqual([])
  await until(async () => (await home.processes()).every((line) => !line.includes('qemu-system')), 'no process waits')
  await until(async () => (await readdir(join(home.folders.data, 'machines'))).length === 0, 'no folder is left')
}, 120_000)

test('what an engine that was killed was making is removed by the next', async () => {
  const id = (await client.machine.create({ name: 'half' })).id
  await home.closeEngine()
  const folder = join(home.folders.data, 'machines', id)
  await mkdir(folder, { recursive: true })
  const recipe = { image: null, cpus: null, memoryMiB: null, maxCpus: null, maxMemoryMiB: null, ready: 'agent' }
  await writeFile(join(folder, 'template.json'), JSON.stringify({ format: 'mayfly-template', version: 1, made: null, recipe, pool: 'auto' }))
  client = await home.open()
  expect(await rows()).toEqual([])
})
