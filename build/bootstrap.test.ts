import { builtinModules } from 'node:module'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { nodeIsNewEnough } from './bootstrap.mjs'
import { missingPackages } from './node-packages.mjs'

const folder = dirname(fileURLToPath(import.meta.url))

/** Everything a script imports before its first `await`, and what those import. */
function importsOf(script: string, seen: Set<string>): Set<string> {
  if (seen.has(script)) return seen
  seen.add(script)
  if (!script.startsWith('/')) return seen
  for (const match of readFileSync(script, 'utf8').matchAll(/^import (?:[^'"]* from )?'([^']+)'/gm)) {
    const [, specifier = ''] = match
    importsOf(specifier.startsWith('.') ? join(dirname(script), specifier) : specifier, seen)
  }
  return seen
}

test.each(['start.mjs', 'test.mjs', 'check.mjs', 'build.mjs', 'generate.mjs', 'bench.mjs'])('%s loads in a checkout without node_modules', (script) => {
  const foreign = [...importsOf(join(folder, script), new Set())].filter((name) => !name.startsWith('/') && !builtinModules.includes(name.replace(/^node:/, '')))
  expect(foreign).toEqual([])
})

test.each([
  ['20.18.3', false],
  ['20.19.0', true],
  ['22.0.0', true],
  ['18.20.4', false],
])('Node %s is new enough: %s', (version, enough) => {
  expect(nodeIsNewEnough(version)).toBe(enough)
})

test('a package counts as missing when it is absent or of another version; one for another platform does not', () => {
  const wanted = {
    '': { version: '0.1.0' },
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b': { version: '2.0.0' },
    'node_modules/b/node_modules/c': { version: '3.0.0' },
    'node_modules/for-windows': { version: '1.0.0', optional: true },
    'node_modules/for-linux': { version: '2.0.0', optional: true },
  }
  const installed = { 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '2.0.1' }, 'node_modules/for-linux': { version: '1.0.0', optional: true } }
  expect(missingPackages(wanted, installed)).toEqual(['b@2.0.0', 'c@3.0.0', 'for-linux@2.0.0'])
  expect(missingPackages(wanted, {})).toEqual(['a@1.0.0', 'b@2.0.0', 'c@3.0.0'])
})

test('the lock file names the optional packages of every platform, or npm ci would refuse it', () => {
  const lock = JSON.parse(readFileSync(join(folder, '../package-lock.json'), 'utf8')) as { packages: Record<string, { optionalDependencies?: Record<string, string> }> }
  const locked = new Set(Object.keys(lock.packages).map((path) => path.replace(/^.*node_modules\//, '')))
  const wanted = Object.values(lock.packages).flatMap(({ optionalDependencies = {} }) => Object.entries(optionalDependencies))
  const missing = wanted.filter(([name, version]) => /^\d/.test(version) && !locked.has(name)).map(([name]) => name)
  expect({ missing, hosts: JSON.stringify(lock).includes('"resolved"') }).toEqual({ missing: [], hosts: false })
})
