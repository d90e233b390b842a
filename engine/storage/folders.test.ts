import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isMayflyError } from '../../contract/errors.ts'
import { makeFolders, resolveFolders } from './folders.ts'

test('all folders are made, private, and made again without harm', async () => {
  const root = await mkdtemp(join(tmpdir(), 'mf-'))
  const folders = resolveFolders({ MAYFLY_HOME: join(root, 'deep', 'below') })
  makeFolders(folders)
  makeFolders(folders)
  expect(await Promise.all(Object.values(folders).map(async (folder: string) => (await stat(folder)).mode & 0o777))).toEqual([0o700, 0o700, 0o700, 0o700, 0o700])
  await rm(root, { recursive: true })
})

test('a place where no folder can be is refused at once', () => {
  let code: string | null = null
  try {
    makeFolders(resolveFolders({ MAYFLY_HOME: '/proc/none/such' }))
  } catch (error) {
    code = isMayflyError(error) ? error.code : String(error)
  }
  expect(code).toBe('host-unavailable')
})
