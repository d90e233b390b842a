import { expect, test } from 'vitest'
import type { Nic } from '../../../contract/device.ts'
import { type MachineConfig, machineConfigSchema } from '../../../contract/machine.ts'
import { chassisOf } from './chassis.ts'
import { configIssues } from './config-rules.ts'
import { countingIdentity, readCapabilities } from './golden-cases.fixture.ts'
import { type Address, type Hardware, hardwareSchema } from './hardware.ts'
import { randomNumbers } from '../../random-numbers.fixture.ts'
import { inventory } from './inventory.ts'
import { planHardware, renewIdentity } from './plan-hardware.ts'

const capabilities = { old: readCapabilities('7.2'), new: readCapabilities('10.0') }

type Choose = (below: number) => number

function pick<T>(choose: Choose, values: readonly [T, ...T[]]): T {
  return values[choose(values.length)] ?? values[0]
}

/** Any sound configuration of a profile: devices come, go, change their bus, in any order. */
function anyConfig(choose: Choose, profile: MachineConfig['profile']): MachineConfig {
  for (;;) {
    const config = machineConfigSchema.parse({ ...anyOptions(choose, profile), ...anyDevices(choose, profile) })
    if (configIssues(config).length === 0) return config
  }
}

function anyOptions(choose: Choose, profile: MachineConfig['profile']) {
  const big = profile !== 'micro'
  const flip = (): boolean => choose(2) === 1
  return {
    name: 'any',
    profile,
    cpus: 1 + choose(8),
    memoryMiB: 64,
    firmware: { kind: 'bios' },
    ...(big ? {} : { directBoot: { image: 'iaaaaaaaaaaa' } }),
    display: { model: big ? pick(choose, ['virtio-vga', 'std', 'none'] as const) : 'none' },
    sound: big && flip() ? 'on' : 'none',
    usb: { controller: big, tablet: big && flip() },
    rng: flip(),
    balloon: flip(),
    vmgenid: big && flip(),
    tpm: false,
    ...(big && flip() ? { watchdog: { model: 'i6300esb', action: 'none' } } : {}),
    stop: {},
  }
}

function anyDevices(choose: Choose, profile: MachineConfig['profile']) {
  const big = profile !== 'micro'
  const ids = (prefix: string, most: number): string[] => Array.from({ length: most }, (_, index) => `${prefix}${index}`).filter(() => choose(2) === 1).toSorted(() => choose(3) - 1)
  return {
    disks: ids('disk', 10).map((id) => ({ id, sizeMiB: 1, bus: big ? pick(choose, ['virtio-blk', 'virtio-scsi', 'sata', 'nvme'] as const) : 'virtio-blk' })),
    cdroms: ids('cd', big ? 3 : 0).map((id) => ({ id, image: null, bus: pick(choose, ['sata', 'virtio-scsi'] as const) })),
    nics: ids('nic', 6).map((id) => ({ id, model: big ? pick(choose, ['virtio-net', 'e1000e'] as const) : 'virtio-net', network: { kind: 'user' } })),
  }
}

/** The addresses of the devices that are there. */
function present(hardware: Hardware, config: MachineConfig): Record<string, Address> {
  const ids = inventory(config).filter((item) => item.place !== 'none').map((item) => item.id)
  return Object.fromEntries(ids.map((id) => [id, addressOf(hardware, id)]))
}

function addressOf(hardware: Hardware, id: string): Address {
  const address = hardware.addresses[id]
  if (address === undefined) throw new Error(`${id} has no place.`)
  return address
}

const kindOf = (config: MachineConfig, id: string): string | undefined => inventory(config).find((item) => item.id === id)?.place

test.each(Array.from({ length: 150 }, (_, seed) => seed))('nothing moves, whatever comes and goes (%i)', (seed) => {
  const choose = randomNumbers(seed).below
  const profile = pick(choose, ['paravirtual', 'compatible', 'micro'] as const)
  const random = countingIdentity()
  let config = anyConfig(choose, profile)
  let hardware = planHardware({ config, capabilities: capabilities.old, accelerator: 'tcg', random })
  for (let step = 0; step < 12; step += 1) {
    const nextConfig = anyConfig(choose, profile)
    // An upgrade of QEMU half-way changes nothing either; there the board is an old one.
    const host = step < 6 || chassisOf(profile) === 'microvm' ? capabilities.old : { ...capabilities.new, machineTypes: [...capabilities.new.machineTypes, ...capabilities.old.machineTypes] }
    const next = planHardware({ config: nextConfig, capabilities: host, accelerator: 'tcg', previous: hardware, random })

    expect(hardwareSchema.parse(JSON.parse(JSON.stringify(next)))).toEqual(next)
    const { machineType, uuid, generationId, panicDevice } = hardware
    expect(next).toMatchObject({ machineType, uuid, generationId, panicDevice, nics: hardware.nics })
    expect(next.rootPorts).toBeGreaterThanOrEqual(hardware.rootPorts)
    const now = present(next, nextConfig)
    const taken = Object.values(now).map((address) => JSON.stringify(address))
    expect(new Set(taken).size).toBe(taken.length)
    const stayed = Object.entries(present(hardware, config)).filter(([id]) => id in now && kindOf(config, id) === kindOf(nextConfig, id))
    expect(now).toMatchObject(Object.fromEntries(stayed))
    const macs = Object.values(next.nics).map((nic) => nic.mac)
    const subnets = Object.values(next.nics).map((nic) => nic.subnet)
    expect([new Set(macs).size, new Set(subnets).size]).toEqual([macs.length, subnets.length])
    expect(planHardware({ config: nextConfig, capabilities: host, accelerator: 'tcg', previous: next, random })).toEqual(next)

    config = nextConfig
    hardware = next
  }
})

const card = (id: string): Nic => ({ id, model: 'virtio-net', network: { kind: 'user', restrict: false, forwards: [] }, connected: true })
const bare = (changes: Partial<MachineConfig> = {}): MachineConfig => machineConfigSchema.parse({ ...anyOptions(() => 0, 'paravirtual'), ...changes })
const plan = (config: MachineConfig, accelerator: 'kvm' | 'tcg', previous?: Hardware): Hardware => planHardware({ config, capabilities: capabilities.old, accelerator, previous, random: countingIdentity() })

test('the CPU is resolved once, and again only when its owner or the accelerator asks for another', () => {
  const first = plan(bare(), 'kvm')
  const emulated = plan(bare(), 'tcg', first)
  const named = plan(bare({ cpuModel: 'Nehalem' }), 'tcg', emulated)
  expect([first, emulated, named].map(({ cpu }) => cpu)).toEqual([
    { wanted: 'auto', accelerator: 'kvm', model: 'host' },
    { wanted: 'auto', accelerator: 'tcg', model: 'max' },
    { wanted: 'Nehalem', accelerator: 'tcg', model: 'Nehalem' },
  ])
})

test('a card that comes back has its MAC address; a copy of the machine has others', () => {
  const first = plan(bare({ nics: [card('nic0')] }), 'tcg')
  const back = plan(bare({ nics: [card('nic0')] }), 'tcg', plan(bare(), 'tcg', first))
  const copy = renewIdentity(first, { uuid: () => '00000000-0000-4000-8000-00000000ffff', mac: () => '52:54:00:ff:ff:ff' })
  expect([back.nics, back.addresses]).toEqual([first.nics, first.addresses])
  expect(copy).toEqual({ ...first, uuid: '00000000-0000-4000-8000-00000000ffff', generationId: '00000000-0000-4000-8000-00000000ffff', nics: { nic0: { mac: '52:54:00:ff:ff:ff', subnet: 2 } } })
})

test('a source of MAC addresses that repeats itself is not trusted with two cards', () => {
  const stuck = { ...countingIdentity(), mac: () => '52:54:00:00:00:01' }
  expect(() => planHardware({ config: bare({ nics: [card('nic0'), card('nic1')] }), capabilities: capabilities.old, accelerator: 'tcg', random: stuck })).toThrowError(expect.objectContaining({ code: 'bug' }))
})
