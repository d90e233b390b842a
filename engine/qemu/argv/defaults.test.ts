import { expect, test } from 'vitest'
import { isMayflyError } from '../../../contract/errors.ts'
import type { ImageId } from '../../../contract/ids.ts'
import { machineConfigSchema } from '../../../contract/machine.ts'
import { type CreateRequest, createRequestSchema } from '../../../contract/procedures/machine.ts'
import { defaultMachineConfig, type HostFacts, type ImageFacts } from './defaults.ts'
import { readCapabilities } from './golden-cases.fixture.ts'
import { validateConfig } from './validate-config.ts'

const capabilities = readCapabilities('7.2')
const host: HostFacts = { cpus: 8, memoryMiB: 16 * 1024, capabilities }
const id = 'iaaaaaaaaaaa' as ImageId
const images = {
  kernel: { id, kind: 'kernel', virtualBytes: null },
  disk: { id, kind: 'disk', virtualBytes: 3 * 1024 ** 3 + 1 },
  iso: { id, kind: 'iso', virtualBytes: 700 * 1024 ** 2 },
} as const satisfies Record<string, ImageFacts>

const request = (fields: Partial<CreateRequest> = {}): CreateRequest => createRequestSchema.parse({ name: 'web', ...fields })

const sound: readonly (readonly [string, Partial<CreateRequest>, ImageFacts | null])[] = [
  ['paravirtual without an image', {}, null],
  ['paravirtual from a kernel', {}, images.kernel],
  ['paravirtual from a disk', {}, images.disk],
  ['paravirtual from an ISO', {}, images.iso],
  ['compatible from an ISO', { profile: 'compatible' }, images.iso],
  ['compatible from a disk', { profile: 'compatible' }, images.disk],
  ['micro from a kernel', { profile: 'micro' }, images.kernel],
  ['with Secure Boot and a TPM', { secureBoot: true, tpm: true }, images.iso],
]

test.each(sound)('a machine is sound: %s', (_name, fields, image) => {
  const config = defaultMachineConfig(request(fields), image, host)
  expect(machineConfigSchema.parse(config)).toEqual(config)
  validateConfig(config, { capabilities })
})

test('the tiny machine boots its kernel, with a disk for data', () => {
  expect(defaultMachineConfig(request(), images.kernel, host)).toEqual({
    name: 'web',
    notes: '',
    tags: [],
    profile: 'paravirtual',
    accelerator: 'auto',
    cpuModel: 'auto',
    cpus: 2,
    memoryMiB: 512,
    firmware: { kind: 'bios', secureBoot: false },
    directBoot: { image: id, extraCommandLine: '' },
    disks: [{ id: 'disk0', label: '', bus: 'virtio-blk', sizeMiB: 1024, readOnly: false, cache: 'safe' }],
    cdroms: [{ id: 'cd0', bus: 'sata', image: null }],
    nics: [{ id: 'nic0', model: 'virtio-net', network: { kind: 'user', restrict: false, forwards: [] }, connected: true }],
    display: { model: 'virtio-vga' },
    sound: 'none',
    clipboard: false,
    usb: { controller: true, tablet: true },
    rng: true,
    balloon: true,
    vmgenid: true,
    tpm: false,
    stop: { timeoutSeconds: 60, onTimeout: 'ask' },
  })
})

test('an installer boots the empty disk first and the disc after it', () => {
  const { disks, cdroms } = defaultMachineConfig(request({ profile: 'compatible' }), images.iso, host)
  expect({ disks, cdroms }).toMatchObject({ disks: [{ bus: 'sata', sizeMiB: 20 * 1024, bootIndex: 1 }], cdroms: [{ id: 'cd0', bus: 'sata', image: id, bootIndex: 2 }] })
})

test('a disk is as large as its image, rounded up, and not smaller', () => {
  expect(defaultMachineConfig(request(), images.disk, host).disks[0]?.sizeMiB).toBe(3 * 1024 + 1)
  expect(defaultMachineConfig(request({ diskMiB: 4096 }), images.disk, host).disks[0]?.sizeMiB).toBe(4096)
  expect(() => defaultMachineConfig(request({ diskMiB: 1024 }), images.disk, host)).toThrowError(expect.objectContaining({ code: 'invalid-input', details: { issues: [expect.objectContaining({ path: 'diskMiB' })] } }))
})

test('a small host gets small machines, and one without virtio-vga the standard card', () => {
  const without = { ...capabilities, devices: capabilities.devices.filter((device) => device !== 'virtio-vga') }
  const { cpus, memoryMiB, display } = defaultMachineConfig(request(), images.iso, { cpus: 1, memoryMiB: 1024, capabilities: without })
  expect({ cpus, memoryMiB, display }).toEqual({ cpus: 1, memoryMiB: 512, display: { model: 'std' } })
})

test('what fits no QEMU at all is refused even where none is installed, and the rest is not', () => {
  const config = defaultMachineConfig(request({ profile: 'micro' }), images.disk, { ...host, capabilities: null })
  const refusal = ((): unknown => {
    try {
      validateConfig(config, { capabilities: null })
      return null
    } catch (error) {
      return error
    }
  })()
  expect(isMayflyError(refusal, 'unsupported')).toBe(true)
  validateConfig(defaultMachineConfig(request(), images.disk, host), { capabilities: null })
})

test('a machine has no more CPUs than its board', () => {
  const config = { ...defaultMachineConfig(request(), null, host), cpus: 288 }
  validateConfig(config, { capabilities, machineType: 'pc-q35-7.2' })
  const small = { ...capabilities, machineTypes: capabilities.machineTypes.map((type) => ({ ...type, cpuMax: 16 })) }
  expect(() => validateConfig(config, { capabilities: small, machineType: 'pc-q35-7.2' })).toThrowError(expect.objectContaining({ code: 'unsupported', details: { needs: '288 CPUs', have: '16 CPUs' } }))
})
