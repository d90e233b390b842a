/**
 * Decides what the guest will see, once. Everything in the previous plan is kept as it is; only
 * what is new gets a place, so adding, removing and adding again never moves another device.
 */
import type { Accelerator } from '../../../contract/accelerator.ts'
import { MayflyError } from '../../../contract/errors.ts'
import type { MachineConfig } from '../../../contract/machine.ts'
import type { Capabilities } from './capabilities.ts'
import { chassisOf } from './chassis.ts'
import { firstSubnet } from './devices/nic.ts'
import { choosePanicDevice } from './devices/panic.ts'
import type { Hardware } from './hardware.ts'
import { inventory, panicItem } from './inventory.ts'
import { newestMachineType, requireMachineType } from './machine-type.ts'
import { givePlaces } from './places.ts'

/** Where new identities come from: handed in, so that planning stays a function of its input. */
export interface RandomIdentity {
  /** A random UUID, lower case. */
  uuid(): string
  /** A random unicast MAC address, lower case: 52:54:00:xx:xx:xx. */
  mac(): string
}

export interface PlanInput {
  readonly config: MachineConfig
  readonly capabilities: Capabilities
  /** The accelerator of the coming start. */
  readonly accelerator: Accelerator
  /** The plan so far; absent before the first start. */
  readonly previous?: Hardware | undefined
  readonly random: RandomIdentity
}

/**
 * The hardware of the coming start. Legal while the machine is off. Errors: `unsupported` where
 * the pinned machine type or the CPU model is not in this QEMU, `invalid-input` where there is no room for a device.
 */
export function planHardware({ config, capabilities, accelerator, previous, random }: PlanInput): Hardware {
  const machineType = previous?.machineType ?? newestMachineType(chassisOf(config.profile), capabilities)
  requireMachineType(machineType, capabilities)
  const panicDevice = previous === undefined ? choosePanicDevice(config.profile, capabilities) : previous.panicDevice
  const places = givePlaces([...inventory(config), ...panicItem(panicDevice)], previous ?? { addresses: {}, rootPorts: 0 })
  return {
    format: 'mayfly-hardware',
    version: 1,
    machineType,
    uuid: previous?.uuid ?? random.uuid(),
    generationId: previous?.generationId ?? random.uuid(),
    ...(previous?.room === undefined ? {} : { room: previous.room }),
    cpu: resolveCpu(config.cpuModel, accelerator, capabilities, previous?.cpu),
    panicDevice,
    rootPorts: places.rootPorts,
    nics: planNics(config.nics, previous?.nics ?? {}, random),
    addresses: places.addresses,
  }
}

/** The hardware of an independent copy: the same places, its own uuid, generation and MAC addresses. */
export function renewIdentity(hardware: Hardware, random: RandomIdentity): Hardware {
  const nics: Record<string, Hardware['nics'][string]> = {}
  for (const [id, nic] of Object.entries(hardware.nics)) nics[id] = { ...nic, mac: freshMac(nics, random) }
  return { ...hardware, uuid: random.uuid(), generationId: random.uuid(), nics }
}

/**
 * A model that was resolved stays, unless its owner asks for another or the accelerator changed:
 * `host` means nothing to TCG, and TCG's `max` is another CPU than KVM's.
 */
function resolveCpu(wanted: string, accelerator: Accelerator, capabilities: Capabilities, previous: Hardware['cpu'] | undefined): Hardware['cpu'] {
  const kept = previous !== undefined && previous.wanted === wanted && previous.accelerator === accelerator ? previous.model : undefined
  const model = kept ?? (wanted === 'auto' ? (accelerator === 'kvm' ? 'host' : 'max') : wanted)
  const qemu = `QEMU ${capabilities.qemuVersion.text}`
  if (model === 'host' && accelerator === 'tcg') {
    throw new MayflyError('unsupported', 'The CPU model host needs KVM, and this machine runs in software emulation here.', { needs: 'KVM', have: `${qemu} with TCG` }, { next: 'Set the CPU model to auto, or make KVM usable (mayfly doctor).' })
  }
  if (!capabilities.cpuModels.includes(model)) {
    throw new MayflyError('unsupported', `This QEMU knows no CPU model ${model}.`, { needs: `the CPU model ${model}`, have: qemu }, { next: 'Choose one that `mayfly host` lists, or auto.' })
  }
  return { wanted, accelerator, model }
}

/** Cards that were removed keep their MAC address and subnet, too: the same card plugged in again is the same card. */
function planNics(nics: MachineConfig['nics'], previous: Hardware['nics'], random: RandomIdentity): Hardware['nics'] {
  const planned: Record<string, Hardware['nics'][string]> = { ...previous }
  for (const { id } of nics) {
    if (planned[id] !== undefined) continue
    const taken = new Set(Object.values(planned).map((nic) => nic.subnet))
    let subnet = firstSubnet
    while (taken.has(subnet)) subnet += 1
    planned[id] = { mac: freshMac(planned, random), subnet }
  }
  return planned
}

function freshMac(nics: Hardware['nics'], random: RandomIdentity): string {
  const taken = new Set(Object.values(nics).map((nic) => nic.mac))
  for (let attempt = 0; attempt < 16; attempt += 1) {
    const mac = random.mac()
    if (!taken.has(mac)) return mac
  }
  throw new MayflyError('bug', 'The source of MAC addresses gives the same one again and again.', { reference: 'argv:mac' })
}
