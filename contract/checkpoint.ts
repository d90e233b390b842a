/**
 * A checkpoint: a saved point of one machine, its disks, or its disks and RAM. Disks, NVRAM and
 * TPM state are always of the same moment. Checkpoints form a tree: each stands on the one whose
 * state it grew from.
 */
import { z } from 'zod'
import { acceleratorSchema } from './accelerator.ts'
import { checkpointIdSchema, deviceIdSchema, machineIdSchema } from './ids.ts'
import { machineNameSchema } from './machine.ts'

/** What a person calls a checkpoint. The same rules as for a machine's name; unique within its machine. */
export const checkpointLabelSchema = machineNameSchema

export const checkpointKindSchema = z.enum([
  /** Disks, NVRAM and TPM state: like pulling the plug, or cleaner where the guest's file systems were frozen. */
  'disks',
  /** Besides, RAM and the state of all devices: the guest goes on where it was. */
  'ram',
])
export type CheckpointKind = z.infer<typeof checkpointKindSchema>

/** `user`: asked for. `before-restore`: the present, kept when another point was restored. `template`: what forks of a template begin from. */
export const checkpointOriginSchema = z.enum(['user', 'before-restore', 'template'])

/** The machine's state when it was taken. */
export const savedMachineStateSchema = z.enum(['running', 'paused', 'stopped'])

/** What a state of RAM and devices was made with, and must meet again to be of use. */
export const madeWithSchema = z.strictObject({ qemuVersion: z.string(), machineType: z.string(), accelerator: acceleratorSchema, cpuModel: z.string() })

/** Bytes on the host. `own`: freed when only this checkpoint goes. `shared`: used by others too. */
const sizesSchema = z.strictObject({ ownDiskBytes: z.int(), ownRamBytes: z.int(), sharedBytes: z.int() })

export const checkpointSchema = z.strictObject({
  id: checkpointIdSchema,
  machine: machineIdSchema,
  /** The checkpoint this one grew from; null for a root of the tree. */
  parent: checkpointIdSchema.nullable(),
  label: checkpointLabelSchema,
  description: z.string(),
  kind: checkpointKindSchema,
  origin: checkpointOriginSchema,
  takenAt: z.iso.datetime(),
  machineState: savedMachineStateSchema,
  /** Whether the guest's file systems were frozen by its agent for the moment. */
  fileSystemsFrozen: z.boolean(),
  hasThumbnail: z.boolean(),
  cpus: z.int(),
  memoryMiB: z.int(),
  disks: z.array(deviceIdSchema),
  hasNvram: z.boolean(),
  hasTpm: z.boolean(),
  sizes: sizesSchema,
  /** What would be missing without it. While any is left it cannot be deleted. */
  neededBy: z.array(z.strictObject({ machine: machineIdSchema, name: z.string() })),
  /** Null where the machine had never been started. */
  madeWith: madeWithSchema.nullable(),
  /** Why its RAM cannot be used on this host now; null where it can, or where it has none. Its disks can be used all the same. */
  ramRefused: z.string().nullable(),
  /** Why it cannot be used at all: a missing layer, a damaged file. */
  broken: z.string().nullable(),
})
export type Checkpoint = z.infer<typeof checkpointSchema>

/** All checkpoints of a machine, and where it stands now. */
export const timelineSchema = z.strictObject({
  checkpoints: z.array(checkpointSchema),
  present: z.strictObject({
    /** The checkpoint the present grew from; null before the first. */
    parent: checkpointIdSchema.nullable(),
    /** Bytes written to its disks since. */
    ownDiskBytes: z.int(),
  }),
  /** Why no RAM checkpoint can be taken of the machine as it is now, one sentence each with what could be done; empty where one can. */
  ramBlockers: z.array(z.string()),
})
export type Timeline = z.infer<typeof timelineSchema>

export const checkpointDiffSchema = z.strictObject({
  disks: z.array(z.strictObject({ disk: deviceIdSchema, changedBytes: z.int(), changedBlocks: z.int() })),
  hardware: z.array(z.strictObject({ field: z.string(), a: z.string(), b: z.string() })),
  /** Null where neither point knows its packages. Only a guest with an agent can tell. */
  packages: z.strictObject({ added: z.array(z.string()), removed: z.array(z.string()), changed: z.array(z.strictObject({ name: z.string(), a: z.string(), b: z.string() })) }).nullable(),
})
export type CheckpointDiff = z.infer<typeof checkpointDiffSchema>
