/** UEFI variables and TPM state that were copied are on disk before a document says that they are there: for a machine kept aside by a restore, a clone, and an export. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { folderOf } from './checkpoint-model.fixture.ts'
import { TestHome } from './test-home.fixture.ts'
import { watchSyncs } from './watch-syncs.fixture.ts'

let home: TestHome
let client: EngineClient
let stopWatching: () => void
let synced: string[] = []

beforeAll(async () => {
  ;({ home, client } = await TestHome.withTiny())
  stopWatching = await watchSyncs((path) => {
    synced.push(path)
  })
}, 120_000)
afterAll(async () => {
  stopWatching()
  await home.close()
})

/** What a machine with variables and a TPM has; no firmware needs to run for it to be copied. */
async function giveFirmwareState(machine: string): Promise<void> {
  const names = await folderOf(home, client, machine)
  await mkdir(names.tpm, { recursive: true })
  await writeFile(names.nvram, 'variables')
  await writeFile(join(names.tpm, 'tpm2-00.permall'), 'state')
}

/** In a folder of this kind all three came on disk before the folder itself, and with it its document, did. */
function expectWhole(kind: RegExp): void {
  const folder = synced.find((path) => kind.test(path) && path.endsWith('/nvram.qcow2'))?.slice(0, -'/nvram.qcow2'.length)
  expect(folder).toBeDefined()
  const last = synced.lastIndexOf(folder ?? '')
  for (const file of ['nvram.qcow2', 'tpm/tpm2-00.permall', 'tpm']) {
    const at = synced.indexOf(join(folder ?? '', file))
    expect([file, at >= 0 && at < last]).toEqual([file, true])
  }
}

test('what a restore with RAM keeps aside', async () => {
  await home.bootTiny(client, 'alpha', { memoryMiB: 192 })
  await home.done(client, client.checkpoint.take({ machine: 'alpha', label: 'point', what: 'ram' }))
  await giveFirmwareState('alpha')
  synced = []
  await home.done(client, client.checkpoint.restore({ machine: 'alpha', checkpoint: 'point' }))
  expectWhole(/\/checkpoints\/\.[a-z0-9]{12}\.new\//)
  await client.machine.stop({ machine: 'alpha', force: true })
})

test('what a clone, and a machine made of a checkpoint, are given', async () => {
  await client.machine.create({ name: 'beta', image: 'tiny' })
  await giveFirmwareState('beta')
  await home.done(client, client.checkpoint.take({ machine: 'beta', label: 'point' }))
  const aside = /\/machines\/\.[a-z0-9]{12}\.new\/nvram\.qcow2$/
  synced = []
  await home.done(client, client.machine.clone({ machine: 'beta', name: 'copy' }))
  expectWhole(aside)
  synced = []
  await home.done(client, client.checkpoint.export({ machine: 'beta', checkpoint: 'point', name: 'exported' }))
  expectWhole(aside)
  expect(home.bugs).toEqual([])
})
