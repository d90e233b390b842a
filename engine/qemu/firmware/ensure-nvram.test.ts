import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ensureNvram } from './ensure-nvram.ts'

let folder: string
const template = { path: '/template.fd', format: 'raw' } as const

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-nvram-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('variables are made once and never again', async () => {
  const nvram = join(folder, 'nvram.qcow2')
  await writeFile(`${nvram}.new`, 'left by a crash')
  await ensureNvram(nvram, template, (source, target) => writeFile(target, `from ${source.path} ${source.format}`, { flag: 'wx' }))
  await ensureNvram(nvram, template, () => Promise.reject(new Error('made again')))
  expect([await readdir(folder), await readFile(nvram, 'utf8')]).toEqual([['nvram.qcow2'], 'from /template.fd raw'])
})

test('what could not be made whole is not there', async () => {
  const full = new Error('no space')
  const failing = ensureNvram(join(folder, 'nvram.qcow2'), template, async (_source, target) => {
    await writeFile(target, 'half')
    throw full
  })
  await expect(failing).rejects.toBe(full)
  expect(await readdir(folder)).toEqual([])
})
