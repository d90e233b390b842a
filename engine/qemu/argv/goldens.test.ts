/**
 * Every golden case on every captured QEMU, one argument a line. A change here is a change of what
 * guests see: read the difference before accepting it with
 *
 *   UPDATE_GOLDENS=1 npx vitest run engine/qemu/argv/goldens.test.ts
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { capturedVersions, type CapturedVersion, type GoldenCase, goldenFolder, readGoldenCases, renderCase } from './golden-cases.fixture.ts'

const cases = readGoldenCases()
const update = process.env['UPDATE_GOLDENS'] === '1'

function goldenFile(name: string, version: CapturedVersion, suffix: 'args' | 'err'): string {
  return `${name}.${version}.${suffix}`
}

function readGolden(file: string): string | null {
  return readdirSync(goldenFolder).includes(file) ? readFileSync(new URL(file, goldenFolder), 'utf8') : null
}

const everyCase = cases.flatMap((golden) => capturedVersions.map((version): [string, CapturedVersion, GoldenCase] => [golden.name, version, golden]))

test.each(everyCase)('%s on QEMU %s', (name, version, golden) => {
  const { suffix, text } = renderCase(golden, version)
  const file = goldenFile(name, version, suffix)
  if (update) writeFileSync(new URL(file, goldenFolder), text)
  expect(readGolden(file), file).toBe(text)
})

test('no golden is left of a case that is gone', () => {
  const wanted = new Set(
    cases.flatMap((golden) => [`${golden.name}.machine.json`, ...capturedVersions.map((version) => goldenFile(golden.name, version, renderCase(golden, version).suffix))]),
  )
  const stale = readdirSync(goldenFolder).filter((file) => !wanted.has(file))
  if (update) for (const file of stale) rmSync(new URL(file, goldenFolder))
  expect(update ? [] : stale).toEqual([])
})

test('there are few enough to be read', () => {
  expect(cases.length).toBeLessThan(80)
})
