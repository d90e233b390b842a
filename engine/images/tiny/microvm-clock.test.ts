import { expect, test } from 'vitest'
import { frequencyFromCpuinfo } from './microvm-clock.ts'

test('the nominal frequency goes before the present one, and an unknown one is unknown', () => {
  expect(frequencyFromCpuinfo('model name\t: Intel(R) Xeon(R) CPU @ 2.20GHz\ncpu MHz\t\t: 3100.1\n')).toBe(2_200_000)
  expect(frequencyFromCpuinfo('model name\t: AMD EPYC\ncpu MHz\t\t: 2596.120\n')).toBe(2_596_120)
  expect(frequencyFromCpuinfo('processor\t: 0\n')).toBeNull()
})
