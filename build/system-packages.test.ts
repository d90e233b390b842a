import { expect, test } from 'vitest'
import { systemNeeds, testNeeds } from './system-needs.mjs'
import { installCommands, missingNeeds } from './system-packages.mjs'

const nothing = { hasProgram: () => false, hasFile: () => false, env: {} }

test('a bare host misses everything, a full one nothing', () => {
  expect(missingNeeds(systemNeeds, nothing)).toEqual(systemNeeds)
  expect(missingNeeds(systemNeeds, { hasProgram: () => true, hasFile: () => true, env: {} })).toEqual([])
})

test("the user's own QEMU replaces the system's", () => {
  const missing = missingNeeds(systemNeeds, { ...nothing, env: { MAYFLY_QEMU: '/opt/qemu' } })
  expect(missing.map(({ what }) => what).filter((what) => what.startsWith('QEMU'))).toEqual([])
  expect(missingNeeds(systemNeeds, { ...nothing, env: { MAYFLY_QEMU: '' } })).toEqual(systemNeeds)
})

test.each(['apt', 'dnf', 'pacman', 'zypper'] as const)('%s has a package for all that is needed', (family) => {
  const without = [...systemNeeds, ...testNeeds].filter((need) => need.wished !== true && need.packages[family].length === 0)
  expect(without).toEqual([])
})

test('apt refreshes its lists only where they are missing or old', () => {
  const install = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', 'install', '-y', '--no-install-recommends', 'gcc']
  expect(installCommands('apt', ['gcc'], { refreshLists: true })).toEqual([['apt-get', 'update'], install])
  expect(installCommands('apt', ['gcc'], { refreshLists: false })).toEqual([install])
  expect(installCommands('apt', [], { refreshLists: true })).toEqual([['apt-get', 'update']])
  expect(installCommands('dnf', [], { refreshLists: true })).toEqual([])
})
