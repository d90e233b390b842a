import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Run } from '../../contract/run.ts'
import type { EngineClient } from '../../engine/engine-face.ts'
import { forkMarksFolder, machinesFolder, runsFolder } from '../../engine/storage/names.ts'
import { until } from '../conformance/until.ts'
import { refusal, TestHome } from './test-home.fixture.ts'

/** A file system of its own that can be filled; mounting it is why this needs root. */
let mount: string
let home: TestHome
let client: EngineClient

beforeAll(async () => {
  mount = await mkdtemp(join(tmpdir(), 'mff-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=320m', 'tmpfs', mount])
  home = await TestHome.make(mount)
  client = await home.open()
  await home.buildTiny(client)
  await home.bootTiny(client, 'parent')
  await home.sh(client, 'parent', 'echo kept > /data/kept; sync')
}, 300_000)

afterAll(async () => {
  await home.close()
  execFileSync('umount', [mount])
  await rm(mount, { recursive: true })
})

/** Leaves no more room than that. */
async function fill(leaveBytes: number): Promise<string> {
  const ballast = join(mount, 'ballast')
  const { bavail, bsize } = await statfs(mount)
  // The guest may take a page of it while this is written.
  for (let bytes = bavail * bsize - leaveBytes; ; bytes -= 8192) {
    const written = await writeFile(ballast, Buffer.alloc(Math.max(0, bytes))).then(() => true, () => false)
    if (written) return ballast
  }
}

test.each([0, 4096, 65_536, 131_072, 262_144])('with %i bytes left a fork is refused or made, whole; its parent goes on', async (leaveBytes) => {
  const ballast = await fill(leaveBytes)
  const outcome = await refusal(client.machine.fork({ machine: 'parent', count: 2, throwaway: true }))
  await rm(ballast)
  if (typeof outcome === 'string') {
    expect(outcome).toBe('no-space')
    expect((await client.machine.list({})).map(({ name, state }) => [name, state])).toEqual([['parent', 'running']])
    expect([(await readdir(machinesFolder(home.folders))).length, await readdir(forkMarksFolder(home.folders)).catch(() => [])]).toEqual([1, []])
  } else {
    for (const { id, throwaway } of await client.machine.list({})) if (throwaway) await client.machine.stop({ machine: id, force: true })
  }
  expect(await home.sh(client, 'parent', 'cat /data/kept; echo more >> /data/more; sync; wc -l < /data/more | xargs test 0 -lt && echo fine')).toBe('kept\nfine\n')
  expect(home.bugs).toEqual([])
})

test.each([0, 8192, 65_536, 262_144])('with %i bytes left a run is refused, fails for lack of space, or passes; nothing of it stays', async (leaveBytes) => {
  const ballast = await fill(leaveBytes)
  const begun = await client.run.start({ template: 'parent', argv: ['true'] }).catch((error: unknown) => error)
  if (begun instanceof Error) {
    await rm(ballast)
    expect(begun).toMatchObject({ code: 'no-space' })
    expect(await readdir(runsFolder(home.folders)).catch(() => [])).toEqual([])
  } else {
    const { run } = begun as { run: Run }
    await until(async () => (await client.run.show({ run: run.id })).state !== 'running', 'the run is over', 60_000)
    await rm(ballast)
    const over = await client.run.show({ run: run.id })
    expect(over.cells.map(({ state, reason }) => [state, reason])).toEqual([over.state === 'passed' ? ['passed', null] : ['failed', expect.stringContaining('no space') as string]])
    await client.run.remove({ run: run.id })
  }
  // Its own writes may have met the full disk too; then it goes on by itself.
  await until(async () => (await client.machine.list({})).map(({ name, state }) => `${name} ${state}`).join() === 'parent running', 'only the parent is there, and runs', 30_000)
  expect([(await readdir(machinesFolder(home.folders))).length, await readdir(forkMarksFolder(home.folders)).catch(() => [])]).toEqual([1, []])
  expect(home.bugs).toEqual([])
})
