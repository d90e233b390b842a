import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { meterDisk } from './accelerator-guest.ts'
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
  expect(tcg?.loopsPerSecond).toBeGreaterThan(0)
  expect(kvm?.usable === true ? kvm.loopsPerSecond : kvm?.remedy).not.toBeNull()
  expect(fasterAccelerator(reports)).toBe((kvm?.loopsPerSecond ?? 0) > (tcg?.loopsPerSecond ?? 0) ? 'kvm' : 'tcg')
  expect(await measureAccelerators(installation, capabilities, { cacheFolder: folder })).toEqual(reports)
  expect((await readdir(folder)).length).toBe(1)
})

test('a QEMU that does not start the guest fails with its own words', async () => {
  const measurement = await measureAccelerator(await findQemu(), 'tcg', 'no-such-model', 10_000)
  expect(measurement).toEqual({ outcome: 'ended', reason: expect.stringContaining('no-such-model') as unknown })
})

test('a guest that is not there in time is killed', async () => {
  const measurement = await measureAccelerator(await findQemu(), 'tcg', 'max', 1)
  expect(measurement.outcome).toBe('too-slow')
})

/** Another program in the place of the loop. */
function guestThat(...code: readonly number[]): Uint8Array {
  const disk = meterDisk()
  disk.set(code)
  return disk
}

test('a guest that crashes and one that stands still are told apart', async () => {
  const installation = await findQemu()
  // mov word [0x9000], 0; lidt [0x9000]; int3: without a table for interrupts, an interrupt is a triple fault.
  const crash = guestThat(0xfa, 0x31, 0xc0, 0x8e, 0xd8, 0xc7, 0x06, 0x00, 0x90, 0x00, 0x00, 0x0f, 0x01, 0x1e, 0x00, 0x90, 0xcc)
  expect(await measureAccelerator(installation, 'tcg', 'max', 20_000, crash)).toEqual({ outcome: 'ended', reason: 'The guest ended QEMU: it crashed in its first instructions.' })
  // mov al, '.'; out 0xe9, al; cli; hlt; jmp to hlt: one mark and no more.
  const still = guestThat(0xb0, 0x2e, 0xe6, 0xe9, 0xfa, 0xf4, 0xeb, 0xfd)
  expect((await measureAccelerator(installation, 'tcg', 'max', 1_000, still)).outcome).toBe('too-slow')
})
