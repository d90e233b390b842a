/**
 * What an OVA file would become. Its description (OVF, DMTF DSP0243) comes from strangers: what is
 * shown here was checked, and what is not taken over is said.
 */
import { z } from 'zod'
import { diskBusSchema, nicSchema } from './device.ts'
import { cpuCountSchema, memoryMiBSchema, profileSchema } from './machine.ts'

export const applianceSchema = z.strictObject({
  /** A name that a machine can have. */
  name: z.string(),
  cpus: cpuCountSchema,
  memoryMiB: memoryMiBSchema,
  firmware: z.enum(['bios', 'uefi']),
  profile: profileSchema,
  /** In the order of the appliance; the first is booted from. */
  disks: z.array(z.strictObject({ label: z.string(), sizeMiB: z.int(), bus: diskBusSchema })),
  nics: z.array(nicSchema.shape.model),
  /** Sentences about what is not taken over, or is taken otherwise. */
  warnings: z.array(z.string()),
})
export type Appliance = z.infer<typeof applianceSchema>
