import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findQemu } from './find-qemu.ts'
import { fasterAccelerator, measureAccelerators } from './accelerators.ts'
import { measureAccelerator } from './measure-accelerator.ts'
import { probeCapabilities } from './probe-capabilities.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-accelerators-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('measures what works, explains what does not, chooses the faster, and remembers', async () => {
  const installation = await findQemu()
  const capabilities = await probeCapabilities(installation)
  const reports = await measureAccelerators(installation, capabilities, { cacheFolder: folder })
  expect(reports.map(({ name }) => name)).toEqual(['kvm', 'tcg'])
  const [kvm, tcg] = reports
  expect(tcg).toMatchObject({ usable: true, cpuModel: 'max', remedy: null })
  // The slowest host that could run anything does a million; a counter on the code's own page would stay below ten.
  expect(tcg?.loopsPerSecond).toBeGreaterThan(10_000_000)
  expect(kvm?.usable === true ? kvm.loopsPerSecond : kvm?.remedy).not.toBeNull()
  expect(fasterAccelerator(reports)).toBe((kvm?.loopsPerSecond ?? 0) > (tcg?.loopsPerSecond ?? 0) ? 'kvm' : 'tcg')
  expect(await measureAccelerators(installation, capabilities, { cacheFolder: folder })).toEqual(reports)
  expect((await readdir(folder)).length).toBe(1)
})

test('a QEMU that does not start the guest fails with its own words', async () => {
  const measurement = await measureAccelerator(await findQemu(), 'tcg', 'no-such-model', { deadlineMs: 10_000 })
  expect(measurement).toEqual({ outcome: 'failed', reason: expect.stringContaining('no-such-model') as unknown })
})

test('a guest that is not there in time is killed', async () => {
  const measurement = await measureAccelerator(await findQemu(), 'tcg', 'max', { deadlineMs: 1 })
  expect(measurement.outcome).toBe('failed')
})
