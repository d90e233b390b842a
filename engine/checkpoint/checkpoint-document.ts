/**
 * checkpoint.json: everything about a saved point that its files do not say by themselves. It
 * lies in a folder that came into its place by one rename, so it is whole or not there; only
 * label and description are ever rewritten, and chains when layers were merged.
 */
import { z } from 'zod'
import { checkpointKindSchema, checkpointLabelSchema, checkpointOriginSchema, madeWithSchema, savedMachineStateSchema } from '../../contract/checkpoint.ts'
import { checkpointIdSchema } from '../../contract/ids.ts'
import { machineConfigSchema } from '../../contract/machine.ts'
import { layersSchema } from '../machine/layers.ts'
import { hardwareSchema } from '../qemu/argv/hardware.ts'
import type { DocumentKind } from '../storage/document.ts'

export const checkpointDocument = {
  format: 'mayfly-checkpoint',
  version: 1,
  schema: z.strictObject({
    format: z.literal('mayfly-checkpoint'),
    version: z.literal(1),
    id: checkpointIdSchema,
    parent: checkpointIdSchema.nullable(),
    label: checkpointLabelSchema,
    description: z.string(),
    kind: checkpointKindSchema,
    origin: checkpointOriginSchema,
    takenAt: z.iso.datetime(),
    machineState: savedMachineStateSchema,
    fileSystemsFrozen: z.boolean(),
    /** What the guest had: of a running one what it was started with, later changed by what was changed live. */
    config: machineConfigSchema,
    /** Null: it had never been started. */
    hardware: hardwareSchema.nullable(),
    /** All layers are frozen. */
    disks: layersSchema,
    hasNvram: z.boolean(),
    hasTpm: z.boolean(),
    hasThumbnail: z.boolean(),
    /** The pile of RAM layers, lowest first; null for disks only. */
    ram: z.strictObject({ layers: z.array(z.string().regex(/^[a-z0-9]{12}$/)).max(64) }).nullable(),
    /** Null where it never ran. */
    madeWith: madeWithSchema.nullable(),
    /** With RAM: all features its CPU had, sorted. Absent in those of older versions. */
    cpuFeatures: z.array(z.string()).exactOptional(),
    /** Name to version, where the guest told; null where it did not. */
    packages: z.record(z.string(), z.string()).nullable(),
  }),
  migrations: [],
} as const satisfies DocumentKind<z.ZodType>
export type CheckpointRecord = Omit<z.infer<typeof checkpointDocument.schema>, 'format' | 'version'>
