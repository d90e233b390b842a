/**
 * What the guest saw at its first start and must see again: kept as `hardware.json` beside the
 * owner's `machine.json`. A guest names its network cards and finds its disks by these values, so
 * an upgrade of Mayfly or of QEMU never changes one of them. Only `planHardware` adds to it.
 */
import { z } from 'zod'
import { acceleratorSchema } from '../../../contract/accelerator.ts'
import { macAddressSchema } from '../../../contract/device.ts'
import { deviceIdSchema } from '../../../contract/ids.ts'
import type { hardwareSummarySchema } from '../../../contract/machine.ts'

/** QEMU's id of a device: one of ours (`disk0`), or a word without a number for what a machine has once (`rng`). */
const qemuIdSchema = z.string().regex(/^[a-z][a-z0-9-]{1,30}$/)

/** Where a device sits. Once given it is the device's own for as long as the machine lives. */
export const addressSchema = z.discriminatedUnion('kind', [
  /** `bus` is `pcie.0` or a root port (`port-3`), behind which there is only slot 0. */
  z.strictObject({ kind: z.literal('pci'), bus: z.string().regex(/^(pcie\.0|port-[0-9]{1,2})$/), slot: z.int().min(0).max(31) }),
  /** A port of the chipset's AHCI controller. */
  z.strictObject({ kind: z.literal('sata'), port: z.int().min(0).max(5) }),
  /** A target of the machine's virtio-scsi controller; its LUN is 0. */
  z.strictObject({ kind: z.literal('scsi'), target: z.int().min(0).max(255) }),
  /** A virtio-mmio transport of a micro machine. */
  z.strictObject({ kind: z.literal('mmio'), transport: z.int().min(0).max(23) }),
])
export type Address = z.infer<typeof addressSchema>

export const hardwareSchema = z.strictObject({
  format: z.literal('mayfly-hardware'),
  version: z.literal(1),
  /** The versioned name, never the alias; `microvm` for micro machines, of which QEMU has one without versions. */
  machineType: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/),
  uuid: z.uuid(),
  /** The VM generation ID. It stays over ordinary starts, for a guest takes a change as "I was restored or copied". */
  generationId: z.uuid(),
  cpu: z.strictObject({
    /** What the owner asked for when it was resolved: `auto` or a model. */
    wanted: z.string(),
    /** The accelerator it was resolved for. */
    accelerator: acceleratorSchema,
    /** The model QEMU is given. */
    model: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/),
  }),
  /**
   * Up to how much CPUs and memory can be plugged in while it runs; absent: none. It is not free: Linux guests set
   * memory aside for every possible CPU, and 64 MiB for bounce buffers.
   */
  room: z.strictObject({ cpus: z.int().min(1), memoryMiB: z.int().min(16) }).optional(),
  /** The device through which the guest tells of its panic; null: none was to be had. */
  panicDevice: z.enum(['pvpanic-pci', 'pvpanic']).nullable(),
  /** How many PCIe root ports there are; `port-0` is the first. Grows, never shrinks. */
  rootPorts: z.int().min(0).max(64),
  /** By network card; `subnet` is the third number of its user network's addresses, 10.0.x.0/24. */
  nics: z.record(deviceIdSchema, z.strictObject({ mac: macAddressSchema, subnet: z.int().min(2).max(254) })),
  /** By QEMU's device id. Devices that were removed keep theirs until the room is needed. */
  addresses: z.record(qemuIdSchema, addressSchema),
})
export type Hardware = z.infer<typeof hardwareSchema>

/** The part of it a person is shown. */
export function summarizeHardware(hardware: Hardware): z.infer<typeof hardwareSummarySchema> {
  return {
    machineType: hardware.machineType,
    cpuModel: hardware.cpu.model,
    uuid: hardware.uuid,
    macs: Object.fromEntries(Object.entries(hardware.nics).map(([id, nic]) => [id, nic.mac])),
  }
}
