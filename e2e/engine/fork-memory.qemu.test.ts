/** Forks on a host whose memory is nearly used up: said before anything is made, also where several calls come together. */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { refusal, TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient
const memoryMiB = 128

/** From now on the host has this much memory left. */
async function left(mebibytes: number): Promise<void> {
  const file = join(home.root, 'meminfo')
  await writeFile(file, `MemAvailable: ${mebibytes * 1024} kB\n`)
  process.env['MAYFLY_MEMINFO'] = file
}

beforeAll(async () => {
  ;({ home, client } = await TestHome.withTiny())
  await home.bootTiny(client, 'parent', { memoryMiB, diskMiB: 48 })
  await home.sh(client, 'parent', 'echo here > /run/mark')
}, 300_000)
afterAll(async () => {
  delete process.env['MAYFLY_MEMINFO']
  await rm(join(home.root, 'meminfo'), { force: true })
  await home.close()
})

const names = async (): Promise<string[]> => (await client.machine.list({})).map(({ name }) => name).sort()

test('more forks than the host has memory for are refused, and nothing is made; the machine runs on', async () => {
  await left(256 + 3 * 64 - 1)
  const before = await client.machine.show({ machine: 'parent' })
  expect(await refusal(client.machine.fork({ machine: 'parent', count: 3 }))).toBe('host-unavailable')
  expect(await names()).toEqual(['parent'])
  const after = await client.machine.show({ machine: 'parent' })
  expect([after.state, after.pid, after.disks[0]?.layers]).toEqual(['running', before.pid, before.disks[0]?.layers])
})

test('forks that could make it swap are made, and it is said', async () => {
  await left(256 + 64 + memoryMiB - 1)
  const { forks, notes } = await client.machine.fork({ machine: 'parent', name: 'tight', throwaway: true })
  expect(notes.join(' ')).toContain('would then swap')
  expect(await home.sh(client, 'tight', 'cat /run/mark')).toBe('here\n')
  await client.machine.stop({ machine: forks[0]?.machine.id ?? '', force: true })
  await left(256 + 64 + memoryMiB)
  const roomy = await client.machine.fork({ machine: 'parent', name: 'roomy', begin: 'pause', throwaway: true })
  expect(roomy.notes.join(' ')).not.toContain('swap')
  await client.machine.stop({ machine: 'roomy', force: true })
  await expect.poll(names, { timeout: 20_000 }).toEqual(['parent'])
})

test('calls that come together do not promise the same memory twice', async () => {
  await left(256 + 3 * 64)
  const outcomes = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(async (name) => {
    const result = await refusal(client.machine.fork({ machine: 'parent', name, begin: 'pause', throwaway: true }))
    return typeof result === 'string' ? result : 'made'
  }))
  expect(outcomes.toSorted()).toEqual(['host-unavailable', 'host-unavailable', 'made', 'made', 'made'])
  // What was promised is given back, also by those that were refused.
  const again = await client.machine.fork({ machine: 'parent', name: 'again', count: 3, begin: 'pause', throwaway: true })
  expect(again.forks).toHaveLength(3)
  for (const { name, throwaway } of await client.machine.list({})) if (throwaway) await client.machine.stop({ machine: name, force: true })
  expect(home.bugs).toEqual([])
})
