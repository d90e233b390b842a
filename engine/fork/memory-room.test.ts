import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { reserveForkMemory } from './memory-room.ts'

let folder: string

/** From now on the host has this much memory left. */
async function left(mebibytes: number): Promise<void> {
  await writeFile(join(folder, 'meminfo'), `MemTotal: 99999999 kB\nMemAvailable:   ${mebibytes * 1024} kB\n`)
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mf-'))
  process.env['MAYFLY_MEMINFO'] = join(folder, 'meminfo')
})
afterEach(async () => {
  delete process.env['MAYFLY_MEMINFO']
  await rm(folder, { recursive: true })
})

const tooLittle = expect.objectContaining({ code: 'host-unavailable', details: { check: 'memory' } }) as Error

test('forks that would make the host swap at once are refused, and those that could are warned of', async () => {
  await left(256 + 2 * 64 - 1)
  expect(() => reserveForkMemory(128, 2)).toThrow(tooLittle)
  const one = reserveForkMemory(128, 1)
  expect(one.warnings).toEqual([expect.stringContaining('192 MiB')])
  one.release()
  await left(256 + 2 * (64 + 128))
  const two = reserveForkMemory(128, 2)
  expect(two.warnings).toEqual([])
  two.release()
})

test('calls that come together see each other until their forks are there', async () => {
  await left(256 + 3 * 64)
  const two = reserveForkMemory(16, 2)
  const third = reserveForkMemory(16, 1)
  expect(() => reserveForkMemory(16, 1)).toThrow(tooLittle)
  two.release()
  const fourth = reserveForkMemory(16, 1)
  for (const one of [third, fourth]) one.release()
  await left(256 + 2 * (64 + 128))
  const calm = reserveForkMemory(128, 1)
  const alsoCalm = reserveForkMemory(128, 1)
  const tight = reserveForkMemory(128, 1)
  expect([calm, alsoCalm, tight].map(({ warnings }) => warnings.length)).toEqual([0, 0, 1])
  for (const one of [calm, alsoCalm, tight]) one.release()
})
