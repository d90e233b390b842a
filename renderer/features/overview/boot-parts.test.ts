import { expect, test } from 'vitest'
import { bootParts } from './boot-parts.ts'

test('a boot is as long as its parts together, in the order they came', () => {
  expect(bootParts({ phases: { kernel: 1.5, userspace: 4 }, readySeconds: 10 })).toEqual([{ phase: 'silent', seconds: 1.5 }, { phase: 'kernel', seconds: 2.5 }, { phase: 'userspace', seconds: 6 }])
  expect(bootParts({ phases: {}, readySeconds: 3.5 })).toEqual([{ phase: 'silent', seconds: 3.5 }])
})
