import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isMayflyError } from '../../contract/errors.ts'
import { defaultSettings } from '../../contract/settings.ts'
import { SettingsStore } from './settings-store.ts'

let folder: string
let store: SettingsStore
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-settings-'))
  store = new SettingsStore(folder)
})
afterEach(() => rm(folder, { recursive: true }))

test('what is changed is kept, also when two change at once', async () => {
  expect(await store.read()).toEqual(defaultSettings)
  await Promise.all([store.change({ defaultCpus: 3 }), store.change({ onStopTimeout: 'force', qemuBinary: undefined })])
  expect(await new SettingsStore(folder).read()).toEqual({ ...defaultSettings, defaultCpus: 3, onStopTimeout: 'force' })
})

test('a file of no use is reported and kept; machines can be made all the same; reset replaces it', async () => {
  const file = join(folder, 'settings.json')
  await writeFile(file, '{"format":"mayfly-settings"')
  expect(await store.read().catch((error: unknown) => isMayflyError(error) && error.code)).toBe('storage-corrupt')
  expect(await store.change({ defaultCpus: 1 }).catch((error: unknown) => isMayflyError(error) && error.code)).toBe('storage-corrupt')
  expect(await store.readOrDefaults()).toEqual(defaultSettings)
  expect(await readFile(file, 'utf8')).toBe('{"format":"mayfly-settings"')
  expect(await store.reset()).toEqual(defaultSettings)
  expect(await store.read()).toEqual(defaultSettings)
})
