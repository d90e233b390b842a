import { expect, test } from 'vitest'
import { comparePackages } from './compare-checkpoints.ts'
import { parsePackages } from './guest-packages.ts'

test('packages that came, went, and changed their version are told, by name', () => {
  expect(comparePackages({ zsh: '5.9', bash: '5.2', vim: '9.0', apt: '2.6' }, { zsh: '5.9', bash: '5.3', apt: '2.7', curl: '8.1', 'apt-utils': '2.7' })).toEqual({
    added: ['apt-utils', 'curl'],
    removed: ['vim'],
    changed: [{ name: 'apt', a: '2.6', b: '2.7' }, { name: 'bash', a: '5.2', b: '5.3' }],
  })
  expect(comparePackages({ bash: '1' }, { bash: '1' })).toEqual({ added: [], removed: [], changed: [] })
  expect(comparePackages({}, { bash: '1' })).toEqual({ added: ['bash'], removed: [], changed: [] })
})

test('a name that every object has is a package like any other', () => {
  const before = parsePackages('constructor\t1\ntoString\t1\n')
  const after = parsePackages('constructor\t2\n__proto__\t1\n')
  expect(comparePackages(before, after)).toEqual({ added: ['__proto__'], removed: ['toString'], changed: [{ name: 'constructor', a: '1', b: '2' }] })
})

test('where one of the points does not know, nothing is said', () => {
  expect(comparePackages(null, { bash: '1' })).toBeNull()
  expect(comparePackages({ bash: '1' }, null)).toBeNull()
})

test('what a guest answers is taken line by line; what is no package is left out, and none at all is no answer', () => {
  expect(parsePackages('bash\t5.2\n\nnonsense\n\t1.0\nlibc6\t2.36-9+deb12u10\nnul\u0000l\t1\u001b[31m\n')).toEqual({ bash: '5.2', libc6: '2.36-9+deb12u10', 'nul l': '1 [31m' })
  expect(parsePackages('')).toBeNull()
  expect(parsePackages('sh: dpkg-query: not found\n')).toBeNull()
})
