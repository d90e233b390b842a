/** Every step at which an engine can be told to die is one at which some test kills it. */
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const here = dirname(fileURLToPath(import.meta.url))
const engine = join(here, '..', '..', 'engine')

async function textOf(folder: string, matches: (name: string) => boolean): Promise<string> {
  const files = (await readdir(folder, { recursive: true })).filter(matches)
  return (await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))).join('\n')
}

test('every step is injected', async () => {
  const sources = await textOf(engine, (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  const plain = [...sources.matchAll(/\batStep\('([a-z:.-]+)'\)/g)].map(([, step]) => step ?? '')
  // Written down in the journal: `act:step`, or `act:begun`.
  const journalled = [...sources.matchAll(/writeJournal\([^{]*\{ act: '([a-z]+)'(?:, step: '([a-z]+)')?/g)].map(([, act, step]) => `${act}:${step ?? 'begun'}`)
  const steps = [...new Set([...plain, ...journalled])].sort()
  expect(steps.length).toBeGreaterThan(25)
  const tests = await textOf(here, (name) => name.endsWith('.qemu.test.ts') && !name.includes('random'))
  expect(steps.filter((step) => !tests.includes(`'${step}'`))).toEqual([])
})
