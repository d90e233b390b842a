import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readCapabilities } from '../qemu/argv/golden-cases.fixture.ts'
import { findHostSound } from './host-sound.ts'

const capabilities = { old: readCapabilities('7.2'), new: readCapabilities('10.0') }
let runtime: string

beforeAll(async () => {
  runtime = await mkdtemp(join(tmpdir(), 'mayfly-sound-'))
  await mkdir(join(runtime, 'pulse'))
  await writeFile(join(runtime, 'pulse/native'), '')
})
afterAll(() => rm(runtime, { recursive: true }))

test('sound goes to the server that is there, if this QEMU can speak to it', () => {
  expect(findHostSound(capabilities.new, { XDG_RUNTIME_DIR: runtime })).toMatchObject({ driver: 'pa', audible: true, backend: 'pa', remedy: null })
})

test('a server named by the environment counts; one that is not there does not', () => {
  expect(findHostSound(capabilities.new, { PULSE_SERVER: `unix:${runtime}/pulse/native` }).driver).toBe('pa')
  expect(findHostSound(capabilities.new, { PULSE_SERVER: 'unix:/no/such/socket', XDG_RUNTIME_DIR: runtime }).driver).not.toBe('pa')
})

test('a QEMU without the driver plays into silence, and it is said how to mend it', () => {
  const withoutAny = { ...capabilities.old, audioDrivers: ['none', 'wav'] }
  expect(findHostSound(withoutAny, { XDG_RUNTIME_DIR: runtime })).toMatchObject({ driver: 'none', audible: false, isDriverMissing: true, reason: expect.stringContaining('PulseAudio'), remedy: expect.stringContaining('qemu-system-gui') })
  expect(findHostSound(null, { XDG_RUNTIME_DIR: runtime })).toMatchObject({ driver: 'none', audible: false, isDriverMissing: false })
})
