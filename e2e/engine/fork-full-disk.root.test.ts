import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { forkMarksFolder, machinesFolder } from '../../engine/storage/names.ts'
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

test.each([0, 4096, 65_536, 131_072, 262_144])('with %i bytes left a fork is refused or made, whole; its parent goes on', async (leaveBytes) => {
  const ballast = join(mount, 'ballast')
  const { bavail, bsize } = await statfs(mount)
  // The guest may take a page of it while this is written.
  for (let bytes = bavail * bsize - leaveBytes; ; bytes -= 8192) {
    const written = await writeFile(ballast, Buffer.alloc(Math.max(0, bytes))).then(() => true, () => false)
    if (written) break
  }
  const outcome = await refusal(client.machine.fork({ machine: 'parent', count: 2, throwaway: true }))
  await rm(ballast)
  if (typeof outcome === 'string') {
    // What a fork's QEMU meets itself it says in its own words, or dies of.
    expect(['no-space', 'qemu-launch-failed', 'qmp-interrupted', 'qmp-failed', 'conflict']).toContain(outcome)
    expect((await client.machine.list({})).map(({ name, state }) => [name, state])).toEqual([['parent', 'running']])
    expect([(await readdir(machinesFolder(home.folders))).length, await readdir(forkMarksFolder(home.folders)).catch(() => [])]).toEqual([1, []])
  } else {
    for (const { id, throwaway } of await client.machine.list({})) if (throwaway) await client.machine.stop({ machine: id, force: true })
  }
  expect(await home.sh(client, 'parent', 'cat /data/kept; echo more >> /data/more; sync; wc -l < /data/more | xargs test 0 -lt && echo fine')).toBe('kept\nfine\n')
  expect(home.bugs).toEqual([])
})
