/** What running machines use, measured. A value nobody knows is null, never zero. */
import { z } from 'zod'
import { machineIdSchema } from './ids.ts'

const bytesPerSecond = z.number().min(0).nullable()

export const machineMetricsSchema = z.strictObject({
  machine: machineIdSchema,
  /** Share of the CPUs it was given, 0 to 1. Null in its first sample. */
  cpu: z.number().min(0).max(1).nullable(),
  /** Bytes its guest uses, as the guest says through its balloon device; null where it does not. */
  guestMemoryBytes: z.int().min(0).nullable(),
  /** Bytes of the host's memory its process has resident. */
  residentBytes: z.int().min(0).nullable(),
  diskReadBytesPerSecond: bytesPerSecond,
  diskWriteBytesPerSecond: bytesPerSecond,
  /** As its guest agent counts them; null where no agent answers. */
  networkInBytesPerSecond: bytesPerSecond,
  networkOutBytesPerSecond: bytesPerSecond,
})
export type MachineMetrics = z.infer<typeof machineMetricsSchema>

export const metricsSampleSchema = z.strictObject({
  at: z.iso.datetime(),
  /** Machines with a process, whose monitor answered. */
  machines: z.array(machineMetricsSchema),
})
export type MetricsSample = z.infer<typeof metricsSampleSchema>
