import { readdir, readlink, writeFile } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { forkMarksFolder, machinesFolder } from '../../engine/storage/names.ts'
import { until } from '../conformance/until.ts'
import { TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient
let template: string

beforeAll(async () => {
  home = await TestHome.make()
  home.env['MAYFLY_MEMINFO'] = join(home.root, 'meminfo')
  await left(64 * 1024)
  client = await home.openDetached()
  await home.buildTiny(client)
  await home.bootTiny(client, 'source', { forwards: [{ protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 40_122, guestPort: 22 }] })
  await home.sh(client, 'source', 'echo warm > /run/memory; echo disk > /data/file; sync')
  const job = await client.job.wait({ job: (await client.template.make({ name: 'warm', machine: 'source', ready: 'helper' })).id })
  if (job.state !== 'done') throw new Error(`The template was not made: ${JSON.stringify(job.error)}`)
  await client.machine.stop({ machine: 'source', force: true })
  template = (await client.template.list({}))[0]?.machine ?? ''
}, 300_000)
afterAll(() => home.close())

/** From now on the host has this much memory left. */
const left = (mebibytes: number): Promise<void> => writeFile(join(home.root, 'meminfo'), `MemAvailable: ${Math.round(mebibytes * 1024)} kB\n`)
const waiting = async (): Promise<number> => (await client.template.list({}))[0]?.pool.waiting ?? 0

test('none waits until the first fork; then as many as are wanted, and nobody sees them', async () => {
  expect(await waiting()).toBe(0)
  await client.template.setPool({ template: 'warm', wanted: '2' })
  await until(async () => (await waiting()) === 2, 'two wait', 60_000)
  expect((await client.machine.list({})).map(({ name }) => name).sort()).toEqual(['source', 'warm'])
  expect(await readdir(machinesFolder(home.folders))).toHaveLength(4)
})

test('a fork that waited is a machine like any other, with ports of its own', async () => {
  const { forks } = await client.machine.fork({ machine: 'warm', count: 3, name: 'hot-{n}', throwaway: true })
  expect(forks.map(({ machine }) => [machine.name, machine.state, machine.origin?.machineName])).toEqual([1, 2, 3].map((n) => [`hot-${n}`, 'running', 'warm']))
  expect(new Set(forks.flatMap(({ forwards }) => forwards.map(({ hostPort }) => hostPort))).size).toBe(3)
  for (const { machine } of forks) expect(await home.sh(client, machine.id, 'cat /run/memory /data/file; echo mine > /data/file; sync')).toBe('warm\ndisk\n')
  for (const { machine } of forks) await client.machine.stop({ machine: machine.id, force: true })
  await until(async () => (await waiting()) === 2, 'two wait again', 60_000)
})

test('fewer wait where the host has little memory left, and as many as before when it has more again', async () => {
  // A fifth of the host's memory stays free.
  const reserved = Math.max(1024, totalmem() / 5 / 1024 / 1024)
  await left(reserved - 1)
  await client.template.setPool({ template: 'warm', wanted: '2' })
  await until(async () => (await waiting()) < 2, 'fewer wait', 60_000)
  await left(64 * 1024)
  await client.template.setPool({ template: 'warm', wanted: '2' })
  await until(async () => (await waiting()) === 2, 'two wait again', 60_000)
})

test('one that is killed while it waits is replaced', async () => {
  const [line] = (await home.processes()).filter((process) => process.includes('-incoming') && !process.includes('mayfly-keeper'))
  process.kill(Number(line?.split(' ')[0]), 'SIGKILL')
  await until(async () => !(await home.processes()).includes(line ?? ''), 'it is dead')
  await client.template.setPool({ template: 'warm', wanted: '2' })
  await until(async () => (await waiting()) === 2, 'two wait again', 60_000)
})

test('an engine that is killed leaves none that waits', async () => {
  await client.template.setPool({ template: 'warm', wanted: '0' })
  await until(async () => (await waiting()) === 0, 'none waits', 60_000)
  await client.template.setPool({ template: 'warm', wanted: '1' })
  await until(async () => (await waiting()) === 1, 'one waits', 60_000)
  await home.killEngine(client)
  expect((await home.processes()).length).toBeGreaterThan(0)
  // What was wanted stands in the template: the next engine would make a new one at once.
  client = await home.openDetached()
  await client.template.setPool({ template: 'warm', wanted: '0' })
  await until(async () => (await waiting()) === 0 && (await readdir(machinesFolder(home.folders))).length === 2, 'none is left', 60_000)
  await until(async () => (await home.processes()).every((line) => /mayfly-(engine|waker)/.test(line)), 'no process is left', 30_000)
  expect(await readdir(forkMarksFolder(home.folders))).toEqual([])
  expect((await client.template.list({}))[0]?.machine).toBe(template)
})

test('nor where nobody starts another', async () => {
  await client.template.setPool({ template: 'warm', wanted: '1' })
  await until(async () => (await waiting()) === 1, 'one waits', 60_000)
  await home.killEngine(client)
  await until(async () => (await home.processes()).length === 0, 'nothing runs', 40_000)
  expect(await readdir(machinesFolder(home.folders))).toHaveLength(2)
  expect(await readdir(forkMarksFolder(home.folders))).toEqual([])
})

test('a template that goes while forks for it are being made leaves nothing of it open', async () => {
  client = await home.openDetached()
  await client.template.setPool({ template: 'warm', wanted: '3' })
  await until(async () => (await waiting()) === 1, 'one waits', 60_000)
  await client.template.remove({ template: 'warm' })
  const { pid } = await client.engine.info({})
  const open = async (): Promise<string[]> => {
    const links = await Promise.all((await readdir(`/proc/${pid}/fd`)).map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')))
    return links.filter((link) => link.includes(template))
  }
  await until(async () => (await home.processes()).every((line) => !line.includes('-incoming')) && (await open()).length === 0, 'nothing of it is open', 30_000)
})
