import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { diagnosticResultSchema } from '../../contract/host.ts'
import { HostProbe } from '../host/host-probe.ts'
import { measureAccelerators } from '../qemu/capabilities/accelerators.ts'
import { findQemu } from '../qemu/capabilities/find-qemu.ts'
import { loadCapabilities } from '../qemu/capabilities/load-capabilities.ts'
import { SettingsStore } from '../settings/settings-store.ts'
import type { Folders } from '../storage/folders.ts'
import type { DiagnosticContext } from './diagnostic.ts'
import { qemuDiagnostic } from './qemu.ts'
import { runDiagnostics } from './run-diagnostics.ts'

let folder: string
let folders: Folders
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-doctor-'))
  folders = { data: join(folder, 'data'), config: join(folder, 'config'), cache: join(folder, 'cache'), state: join(folder, 'state'), runtime: join(folder, 'run') }
  for (const path of Object.values(folders) as string[]) await mkdir(path, { mode: 0o700 })
})
afterEach(() => rm(folder, { recursive: true }))

test('every diagnostic answers on this host as the contract says, and leaves nothing in the folders', async () => {
  const installation = await findQemu()
  const capabilities = await loadCapabilities(installation, folders.cache)
  const accelerators = await measureAccelerators(installation, capabilities, { cacheFolder: folders.cache })
  const results = await runDiagnostics({ folders, installation, capabilities, accelerators })
  for (const result of results) expect(diagnosticResultSchema.parse(result)).toEqual(result)
  expect(new Set(results.map(({ id }) => id)).size).toBe(17)
  expect(results.filter(({ status }) => status === 'unknown')).toEqual([])
  expect(results.filter(({ id, status }) => id.startsWith('qemu') && status !== 'ok')).toEqual([])
  expect(await readdir(folders.data)).toEqual([])
})

test('a QEMU that answers now is not called missing', async () => {
  const context: DiagnosticContext = { folders, installation: null, capabilities: null, accelerators: [] }
  expect((await qemuDiagnostic.check(context)).status).toBe('unknown')
})

test('a program that is no QEMU is what the doctor finds, not what stops it', async () => {
  vi.stubEnv('MAYFLY_QEMU', '/bin/true')
  try {
    const { worst, results } = await new HostProbe(folders, new SettingsStore(folders.config)).doctor()
    expect([worst, results.find(({ id }) => id === 'qemu')?.found]).toEqual(['problem', expect.stringContaining('/bin/true')])
  } finally {
    vi.unstubAllEnvs()
  }
})
