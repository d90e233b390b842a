import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findQemu } from './find-qemu.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-find-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function program(path: string): Promise<string> {
  const whole = join(folder, path)
  await mkdir(join(whole, '..'), { recursive: true })
  await writeFile(whole, '#!/bin/sh\n')
  await chmod(whole, 0o755)
  return whole
}

test('the chosen binary wins, then MAYFLY_QEMU, then PATH', async () => {
  const [a, b, c] = [await program('a/qemu-system-x86_64'), await program('b/other-qemu'), await program('c/qemu-system-x86_64')]
  const environment = { PATH: `relative:${join(folder, 'a')}`, MAYFLY_QEMU: b }
  expect((await findQemu({ chosen: c, environment })).binary).toBe(c)
  expect((await findQemu({ environment })).binary).toBe(b)
  expect((await findQemu({ environment: { ...environment, MAYFLY_QEMU: '' } })).binary).toBe(a)
})

test('takes the qemu-img beside the binary, also behind a link', async () => {
  const binary = await program('opt/bin/qemu-system-x86_64')
  const img = await program('opt/bin/qemu-img')
  await mkdir(join(folder, 'bin'))
  const link = join(folder, 'bin', 'qemu-system-x86_64')
  await symlink(binary, link)
  expect(await findQemu({ environment: { PATH: join(folder, 'bin') } })).toEqual({ binary: link, imgBinary: img, env: {}, moduleFolder: null, firmwareFolders: [] })
})

test('names what an unpacked QEMU needs, and keeps the library path that was there', async () => {
  const binary = await program('root/usr/bin/qemu-system-x86_64')
  for (const path of ['usr/lib/x86_64-linux-gnu/qemu', 'usr/share/qemu', 'usr/share/seabios']) await mkdir(join(folder, 'root', path), { recursive: true })
  const root = join(folder, 'root/usr')
  expect(await findQemu({ chosen: binary, environment: { PATH: '', LD_LIBRARY_PATH: '/before' } })).toMatchObject({
    env: { QEMU_MODULE_DIR: `${root}/lib/x86_64-linux-gnu/qemu`, LD_LIBRARY_PATH: `${root}/lib/x86_64-linux-gnu:${root}/lib:/before` },
    moduleFolder: `${root}/lib/x86_64-linux-gnu/qemu`,
    firmwareFolders: [`${root}/share/qemu`, `${root}/share/seabios`],
  })
})

test.each(['no-such-file', '.', 'relative/qemu'])('a chosen binary that is none (%s) is refused', async (chosen) => {
  await expect(findQemu({ chosen: chosen === 'relative/qemu' ? chosen : join(folder, chosen) })).rejects.toMatchObject({ code: 'host-unavailable', details: { check: 'qemu' } })
})
