/** What forks save of their RAM stands on what the machines they come from have on disk: it is linked, not written again, and stays when those go. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { folderOf } from './checkpoint-model.fixture.ts'
import { TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient

beforeAll(async () => {
  ;({ home, client } = await TestHome.withTiny())
  await home.bootTiny(client, 'parent', { memoryMiB: 192, diskMiB: 48 })
  await home.sh(client, 'parent', 'head -c 40000000 /dev/urandom > /run/random; md5sum /run/random > /run/sum')
  await take('parent', 'base')
}, 300_000)
afterAll(() => home.close())

const take = (machine: string, label: string): Promise<string> => home.done(client, client.checkpoint.take({ machine, label, what: 'ram' }))
/** Says that its memory is right, and what it was marked with. */
const mark = (machine: string): Promise<string> => home.sh(client, machine, 'md5sum -c -s /run/sum && cat /run/mark')

/** The layers of RAM in its folder, and those of them that others have too. */
async function layers(machine: string): Promise<{ all: string[]; shared: string[] }> {
  const { ram } = await folderOf(home, client, machine)
  const all = (await readdir(ram).catch(() => [])).filter((file) => file.endsWith('.ram')).sort()
  const counts = await Promise.all(all.map(async (file) => (await stat(join(ram, file))).nlink))
  return { all, shared: all.filter((_file, index) => (counts[index] ?? 0) > 1) }
}

/** Forks, marks the fork, saves it; it has these layers of its own and these of others. */
async function expectShared(machine: string, of: string, expected: { own: number; shared: number }, checkpoint?: string): Promise<void> {
  await client.machine.fork({ machine: of, name: machine, ...(checkpoint === undefined ? {} : { checkpoint }) })
  await home.sh(client, machine, `echo ${machine} > /run/mark`)
  await take(machine, 'first')
  const { all, shared } = await layers(machine)
  expect({ own: all.length - shared.length, shared: shared.length }).toEqual(expected)
  // 40 MB of it cannot be packed, and are not there again.
  expect((await client.checkpoint.show({ machine, checkpoint: 'first' })).sizes.ownRamBytes).toBeLessThan(36 * 1024 * 1024)
}

test('a fork of a checkpoint, of a running machine, and of a fork write only what is new', async () => {
  await expectShared('of point', 'parent', { own: 1, shared: 1 }, 'base')
  await expectShared('of running', 'parent', { own: 1, shared: 1 })
  // Its parent wrote nothing of it to disk but this.
  await client.machine.fork({ machine: 'of running', name: 'between' })
  await expectShared('of fork', 'between', { own: 1, shared: 2 })
  expect(home.bugs).toEqual([])
})

test('what was linked stays when the machines it came from are deleted', async () => {
  for (const machine of ['parent', 'between']) await client.machine.delete({ machine, force: true })
  await client.trash.empty({})
  for (const machine of ['of point', 'of running', 'of fork']) {
    await home.sh(client, machine, 'echo later > /run/mark; rm /run/random')
    await home.done(client, client.checkpoint.restore({ machine, checkpoint: 'first' }))
    expect(await mark(machine)).toBe(`${machine}\n`)
  }
  // One whose forebears are gone writes everything.
  await client.machine.fork({ machine: 'of point', checkpoint: 'first', name: 'orphan' })
  await client.machine.delete({ machine: 'of point', force: true })
  await client.trash.empty({})
  await home.sh(client, 'orphan', 'echo orphan > /run/mark')
  await take('orphan', 'first')
  expect(await layers('orphan')).toMatchObject({ shared: [] })
  await home.done(client, client.checkpoint.restore({ machine: 'orphan', checkpoint: 'first' }))
  expect(await mark('orphan')).toBe('orphan\n')
})

test('a fork that is made independent has them to itself, and its points go on', async () => {
  await home.done(client, client.machine.promote({ machine: 'of fork' }))
  expect((await layers('of fork')).shared).toEqual([])
  await home.done(client, client.checkpoint.restore({ machine: 'of fork', checkpoint: 'first' }))
  expect(await mark('of fork')).toBe('of fork\n')
  await home.done(client, client.checkpoint.delete({ machine: 'of running', checkpoint: 'first' }))
  expect((await layers('of running')).all).toEqual([])
  expect(home.bugs).toEqual([])
})
