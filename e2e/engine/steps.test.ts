/**
 * Every step at which an engine can be told to die is one at which some test kills it. A step counts where a test hands it
 * to what injects it: written there, or in the column of the test's table that the injected name comes from.
 */
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const here = dirname(fileURLToPath(import.meta.url))
const engine = join(here, '..', '..', 'engine')

/** What kills an engine at a step: the name of the call, and which of its arguments are steps. */
const killers: Readonly<Record<string, number>> = { killedAt: 1, killedWhileHalted: 1, killedTwice: 2, diedAt: 1, dieAt: 1 }
/** What kills QEMU while the engine stands still. */
const harmers: Readonly<Record<string, number>> = { haltedAt: 1 }

async function textsOf(folder: string, matches: (name: string) => boolean): Promise<string[]> {
  const files = (await readdir(folder, { recursive: true })).filter(matches)
  return Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
}

/** The rows of `test.each([...])`, as far as they are plain words. */
function rowsOf(block: string): string[][] {
  const table = /^test\.each\((\[[\s\S]*?\])(?: as const)?\)\(/.exec(block)?.[1]
  if (table === undefined) return []
  const inner = table.slice(1, -1)
  const rows = inner.includes('[') ? [...inner.matchAll(/\[([^\]]*)\]/g)].map(([, row = '']) => row) : inner.split(',')
  return rows.map((row) => [...row.matchAll(/'([^']*)'/g)].map(([, word = '']) => word))
}

/** The steps that the test in this block injects by one of these calls. */
function stepsIn(block: string, calls: Readonly<Record<string, number>>): string[] {
  const parameters = (/async \(([^)]*)\) =>/.exec(block)?.[1] ?? '').split(',').map((name) => name.trim())
  const rows = rowsOf(block)
  return Object.entries(calls).flatMap(([call, count]) =>
    [...block.matchAll(new RegExp(`\\b${call}\\(([^()]*)`, 'g'))].flatMap(([, text = '']) =>
      text.split(',').slice(0, count).flatMap((argument) => {
        const literal = /^\s*'([^']+)'\s*$/.exec(argument)?.[1]
        if (literal !== undefined) return [literal]
        const column = parameters.indexOf(argument.trim())
        return column === -1 ? [] : rows.flatMap((row) => row[column] ?? [])
      }),
    ),
  )
}

async function injected(calls: Readonly<Record<string, number>>): Promise<Set<string>> {
  const texts = await textsOf(here, (name) => name.endsWith('.test.ts') && !name.includes('random') && name !== 'steps.test.ts')
  const blocks = texts.flatMap((text) => text.split(/^(?=test(?:\.each)?\()/m).slice(1))
  const given = blocks.flatMap((block) => [...block.matchAll(/env\['MAYFLY_DIE_AT'\] = '([^']+)'/g)].map(([, step = '']) => step))
  // `step#2` is the same step, come to again.
  return new Set([...blocks.flatMap((block) => stepsIn(block, calls)), ...(calls === killers ? given : [])].map((step) => step.replace(/#\d+$/, '')))
}

async function allSteps(): Promise<string[]> {
  const sources = (await textsOf(engine, (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))).join('\n')
  const plain = [...sources.matchAll(/\batStep\('([a-z:.-]+)'\)/g)].map(([, step]) => step ?? '')
  // Written down in the journal: `act:step`, or `act:begun`.
  const journalled = [...sources.matchAll(/writeJournal\([^{]*\{ act: '([a-z]+)'(?:, step: '([a-z]+)')?/g)].map(([, act, step]) => `${act}:${step ?? 'begun'}`)
  return [...new Set([...plain, ...journalled])].sort()
}

test('the engine is killed at every step', async () => {
  const steps = await allSteps()
  expect(steps.length).toBeGreaterThan(40)
  const kills = await injected(killers)
  expect(steps.filter((step) => !kills.has(step))).toEqual([])
})

test('no test injects a step that there is not', async () => {
  const steps = new Set(await allSteps())
  const [kills, harms] = [await injected(killers), await injected(harmers)]
  expect([...kills, ...harms].filter((step) => !steps.has(step))).toEqual([])
  expect(harms.size).toBeGreaterThan(10)
})
