import { expect, test } from 'vitest'
import { expandCpuModel } from './cpu-features.ts'
import { findQemu } from './find-qemu.ts'

test('a model is expanded to its features, and richer models have more of them', async () => {
  const installation = await findQemu()
  const plain = await expandCpuModel(installation, 'tcg', 'qemu64')
  const most = await expandCpuModel(installation, 'tcg', 'max')
  expect(plain).toEqual(expect.arrayContaining(['cx8', 'fpu', 'lm', 'sse2']))
  expect(plain).not.toContain('avx2')
  expect(most).toEqual(expect.arrayContaining(['avx2', 'lm']))
  await expect(expandCpuModel(installation, 'tcg', 'no-such-model')).rejects.toMatchObject({ code: 'qmp-failed' })
})
