import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { digestOf, filesBelow, isFresh, writeStamp } from './content-stamp.mjs'

const folder = mkdtempSync(join(tmpdir(), 'mayfly-stamp-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

test('what is built is fresh until an input, a setting or the output changes; a touched file is no change', () => {
  const source = join(folder, 'source')
  const output = join(folder, 'output')
  const stamp = join(folder, 'stamps/output')
  mkdirSync(join(source, 'node_modules'), { recursive: true })
  writeFileSync(join(source, 'a.ts'), 'one')
  writeFileSync(join(source, 'a.test.ts'), 'test')
  writeFileSync(join(source, 'node_modules/b.ts'), 'package')
  const digest = (setting = 'x') => digestOf(folder, filesBelow([source, join(folder, 'absent')], (path) => path.endsWith('.ts') && !path.endsWith('.test.ts')), [setting])
  const first = digest()
  expect(isFresh(stamp, first, [output])).toBe(false)
  writeFileSync(output, '')
  writeStamp(stamp, first)
  expect(isFresh(stamp, digest(), [output])).toBe(true)

  utimesSync(join(source, 'a.ts'), new Date(0), new Date(0))
  writeFileSync(join(source, 'a.test.ts'), 'another test')
  expect(isFresh(stamp, digest(), [output])).toBe(true)
  expect(isFresh(stamp, digest('y'), [output])).toBe(false)
  writeFileSync(join(source, 'c.ts'), '')
  expect(isFresh(stamp, digest(), [output])).toBe(false)
  rmSync(join(source, 'c.ts'))
  rmSync(output)
  expect(isFresh(stamp, digest(), [output])).toBe(false)
})
