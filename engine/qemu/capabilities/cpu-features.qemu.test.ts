import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadCpuFeatures } from './cpu-features.ts'
import { findQemu } from './find-qemu.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mf-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('a model is expanded to its features, and richer models have more of them; the answer is kept', async () => {
  const installation = await findQemu()
  const ask = (model: string, machineType = 'q35') => loadCpuFeatures(installation, { accelerator: 'tcg', machineType, model }, folder)
  const [plain, most] = await Promise.all([ask('qemu64'), ask('max')])
  expect(plain.has).toEqual(expect.arrayContaining(['cx8', 'fpu', 'lm', 'sse2']))
  expect(plain.lacks).toContain('avx2')
  expect(most.has).toEqual(expect.arrayContaining(['avx2', 'lm']))
  expect(most.lacks).toContain('avx512f')
  expect(await readdir(folder)).toHaveLength(2)
  expect(await ask('max')).toBe(most)
  await expect(ask('no-such-model')).rejects.toMatchObject({ code: 'qmp-failed' })
  await expect(ask('max', 'no-such-board')).rejects.toMatchObject({ code: 'qmp-interrupted' })
})
