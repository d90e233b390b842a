/**
 * Decides what the guest will see, once. Everything in the previous plan is kept as it is; only
 * what is new gets a place, so adding, removing and adding again never moves another device.
 */
import type { MachineConfig } from '../../../contract/machine.ts'
import { MayflyError } from '../../../contract/errors.ts'
import type { Capabilities } from './capabilities.ts'
import type { Accelerator, Hardware } from './hardware.ts'

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
export function planHardware(input: PlanInput): Hardware {
  throw new MayflyError('bug', `The plan for ${input.config.profile} is not written.`, { reference: 'plan-hardware' })
}

/** The hardware of an independent copy: the same places, its own uuid, generation and MAC addresses. */
export function renewIdentity(hardware: Hardware, random: RandomIdentity): Hardware {
  const nics = Object.entries(hardware.nics).map(([id, nic]) => [id, { ...nic, mac: random.mac() }])
  return { ...hardware, uuid: random.uuid(), generationId: random.uuid(), nics: Object.fromEntries(nics) }
}
