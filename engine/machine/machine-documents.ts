/** The JSON files of a machine's folder, each with its format, version and strict schema. */
import { z } from 'zod'
import { machineIdSchema } from '../../contract/ids.ts'
import { acceleratorSchema } from '../../contract/accelerator.ts'
import { lastExitSchema, machineConfigSchema, originSchema, seenBootSchema } from '../../contract/machine.ts'
import type { DocumentKind } from '../storage/document.ts'

/** machine.json: what the owner wants. */
export const machineDocument = {
  format: 'mayfly-machine',
  version: 1,
  schema: z.strictObject({
    format: z.literal('mayfly-machine'),
    version: z.literal(1),
    id: machineIdSchema,
    createdAt: z.iso.datetime(),
    config: machineConfigSchema,
  }),
  migrations: [],
} as const satisfies DocumentKind<z.ZodType>

/** life.json: where the machine comes from and how long it lives. Absent: it was made by itself, and stays. */
export const lifeDocument = {
  format: 'mayfly-life',
  version: 1,
  schema: z.strictObject({
    format: z.literal('mayfly-life'),
    version: z.literal(1),
    role: z.enum(['machine', 'template']),
    origin: originSchema.nullable(),
    /** Deleted for good as soon as it has stopped. */
    throwaway: z.boolean(),
    /** Deleted for good at this time. */
    expiresAt: z.iso.datetime().nullable(),
  }),
  migrations: [],
} as const satisfies DocumentKind<z.ZodType>
export type Life = Omit<z.infer<typeof lifeDocument.schema>, 'format' | 'version'>

/** The life of a machine that has no life.json. */
export const ordinaryLife: Life = { role: 'machine', origin: null, throwaway: false, expiresAt: null }

export interface LifeChange {
  /** Delete it when it stops. */
  readonly throwaway?: boolean | undefined
  /** Delete it after this time from now; null: never. */
  readonly ttlSeconds?: number | null | undefined
}

/** The life after a change. */
export function changedLife(life: Life, { throwaway, ttlSeconds }: LifeChange): Life {
  return {
    ...life,
    throwaway: throwaway ?? life.throwaway,
    expiresAt: ttlSeconds === undefined ? life.expiresAt : ttlSeconds === null ? null : new Date(Date.now() + ttlSeconds * 1000).toISOString(),
  }
}

const processIdentitySchema = z.strictObject({
  pid: z.int().min(1),
  /** Clock ticks since boot (proc(5), field 22): tells a process from a later one with its number. */
  startTicks: z.string(),
})

/** run.json: there while a QEMU belongs to the machine; what it was started with. */
export const runDocument = {
  format: 'mayfly-run',
  version: 1,
  schema: z.strictObject({
    format: z.literal('mayfly-run'),
    version: z.literal(1),
    /** The kernel's boot id: another one means that the host went down under the machine. */
    bootId: z.string(),
    /** Null between the intention to start and the process. */
    process: processIdentitySchema.nullable(),
    startedAt: z.iso.datetime(),
    /** On the host's boot clock, which nobody sets: uptimes follow from it. */
    startedAtBootSeconds: z.number().min(0),
    accelerator: acceleratorSchema,
    qemuVersion: z.string(),
    /** It began from a saved state. Until its process is on record that may not be loaded, and the process of no use. */
    fromState: z.literal(true).exactOptional(),
    /** CPUs or memory were plugged in since: a saved state would not fit what its configuration says. */
    plugged: z.literal(true).exactOptional(),
    /** The configuration the guest was started with, later changed by what could be changed live. */
    config: machineConfigSchema,
  }),
  migrations: [],
} as const satisfies DocumentKind<z.ZodType>
export type RunDocument = z.infer<typeof runDocument.schema>

/** restart.json: there from the wish to restart a machine until it runs again, or that has come to nothing. */
export const restartDocument = {
  format: 'mayfly-restart',
  version: 1,
  schema: z.strictObject({
    format: z.literal('mayfly-restart'),
    version: z.literal(1),
    /** After the host went down nobody waits for it any more. */
    bootId: z.string(),
    /** When the guest that is to end was started: another one is what was wanted. */
    ends: z.iso.datetime().nullable(),
    force: z.boolean(),
    /** How long the guest has to shut down; null: as its machine says. */
    timeoutSeconds: z.number().nullable(),
  }),
  migrations: [],
} as const satisfies DocumentKind<z.ZodType>
export type RestartIntent = Pick<z.infer<typeof restartDocument.schema>, 'ends' | 'force' | 'timeoutSeconds'>

/** last-exit.json: how the last process ended. */
export const lastExitDocument = {
  format: 'mayfly-last-exit',
  version: 1,
  schema: z.strictObject({ format: z.literal('mayfly-last-exit'), version: z.literal(1), exit: lastExitSchema }),
  migrations: [],
} as const satisfies DocumentKind<z.ZodType>

/** boots.json: how long the last boots took that were seen whole. */
export const bootsDocument = {
  format: 'mayfly-boots',
  version: 1,
  schema: z.strictObject({ format: z.literal('mayfly-boots'), version: z.literal(1), boots: z.array(seenBootSchema) }),
  migrations: [],
} as const satisfies DocumentKind<z.ZodType>
