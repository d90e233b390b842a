import { readdir } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Run } from '../../contract/run.ts'
import type { EngineClient } from '../../engine/engine-face.ts'
import { forkMarksFolder, machinesFolder, runsFolder } from '../../engine/storage/names.ts'
import { until } from '../conformance/until.ts'
import { SmallDisk } from './small-disk.fixture.ts'
import { refusal, TestHome } from './test-home.fixture.ts'

let disk: SmallDisk
let home: TestHome
let client: EngineClient

beforeAll(async () => {
  disk = await SmallDisk.mount(320)
  ;({ home, client } = await TestHome.withTiny(disk.path))
  await home.bootTiny(client, 'parent')
  await home.sh(client, 'parent', 'echo kept > /data/kept; sync')
}, 300_000)

afterAll(async () => {
  await home.close()
  await disk.unmount()
})

test.each([0, 4096, 65_536, 131_072, 262_144])('with %i bytes left a fork is refused or made, whole; its parent goes on', async (leaveBytes) => {
  const makeRoom = await disk.fillUp(leaveBytes)
  const outcome = await refusal(client.machine.fork({ machine: 'parent', count: 2, throwaway: true }))
  await makeRoom()
  if (typeof outcome === 'string') {
    expect(outcome).toBe('no-space')
    expect((await client.machine.list({})).map(({ name }) => name)).toEqual(['parent'])
    expect([(await readdir(machinesFolder(home.folders))).length, await readdir(forkMarksFolder(home.folders)).catch(() => [])]).toEqual([1, []])
  } else {
    for (const { id, throwaway } of await client.machine.list({})) if (throwaway) await client.machine.stop({ machine: id, force: true })
  }
  // Its own writes may have met the full disk too; then it goes on by itself.
  await until(async () => (await client.machine.show({ machine: 'parent' })).state === 'running', 'the parent runs', 30_000)
  expect(await home.sh(client, 'parent', 'cat /data/kept; echo more >> /data/more; sync; wc -l < /data/more | xargs test 0 -lt && echo fine')).toBe('kept\nfine\n')
  expect(home.bugs).toEqual([])
})

test.each([0, 8192, 65_536, 262_144])('with %i bytes left a run is refused, fails for lack of space, or passes; nothing of it stays', async (leaveBytes) => {
  const makeRoom = await disk.fillUp(leaveBytes)
  const begun = await client.run.start({ template: 'parent', argv: ['true'] }).catch((error: unknown) => error)
  if (begun instanceof Error) {
    await makeRoom()
    expect(begun).toMatchObject({ code: 'no-space' })
    expect(await readdir(runsFolder(home.folders)).catch(() => [])).toEqual([])
  } else {
    const { run } = begun as { run: Run }
    await until(async () => (await client.run.show({ run: run.id })).state !== 'running', 'the run is over', 60_000)
    await makeRoom()
    const over = await client.run.show({ run: run.id })
    expect(over.cells.map(({ state, reason }) => [state, reason])).toEqual([over.state === 'passed' ? ['passed', null] : ['failed', expect.stringContaining('no space') as string]])
    await client.run.remove({ run: run.id })
  }
  await until(async () => (await client.machine.list({})).map(({ name, state }) => `${name} ${state}`).join() === 'parent running', 'only the parent is there, and runs', 30_000)
  expect([(await readdir(machinesFolder(home.folders))).length, await readdir(forkMarksFolder(home.folders)).catch(() => [])]).toEqual([1, []])
  expect(home.bugs).toEqual([])
})
