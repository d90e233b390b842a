import { arch } from 'node:os'
import { expect, test } from 'vitest'
import { hostTscKHz } from './host-clock.ts'

test('the counter of a PC runs at a plausible rate, the same at every call', () => {
  const rate = hostTscKHz()
  expect(rate).toBe(hostTscKHz())
  expect(rate === undefined ? 'none' : rate > 100_000 && rate < 20_000_000).toBe(arch() === 'x64' ? true : 'none')
})
