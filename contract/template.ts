/**
 * A template: a machine that was brought to a ready state once, saved with its RAM, and is only
 * forked from then on, never started.
 */
import { z } from 'zod'
import { checkpointIdSchema, imageIdSchema, machineIdSchema } from './ids.ts'

/** How a machine says that it is ready: `agent`, `helper` (the exec helper answers), `serial:` and a text, or `command:` and a shell command that succeeds in the guest. */
export const readyConditionSchema = z.string().regex(/^(agent|helper|serial:[\s\S]{1,500}|command:[\s\S]{1,2000})$/, 'Ready is agent, helper, serial:TEXT, or command:COMMAND.')

export const templateSchema = z.strictObject({
  /** The machine that it is; its name is the template's. */
  machine: machineIdSchema,
  name: z.string(),
  /** What forks begin from. Null while it is being made, or where making failed. */
  checkpoint: checkpointIdSchema.nullable(),
  madeAt: z.iso.datetime().nullable(),
  ready: readyConditionSchema,
  image: z.strictObject({ id: imageIdSchema, name: z.string() }).nullable(),
  /** Whether its image is another one by now: make it again. */
  outdated: z.boolean(),
  cpus: z.int(),
  memoryMiB: z.int(),
  /** What a fork can be given at most, by hot-plugging. */
  ceilings: z.strictObject({ cpus: z.int(), memoryMiB: z.int() }),
  /** Bytes on the host, RAM and disks. */
  sizeBytes: z.int(),
  /** Forks that live now. */
  forks: z.int(),
  pool: z.strictObject({
    /** How many processes wait for a fork. */
    waiting: z.int(),
    /** How many shall wait; `auto` follows use and free memory. */
    wanted: z.union([z.literal('auto'), z.int().min(0).max(64)]),
  }),
  /** Why it cannot be forked; null where it can. */
  broken: z.string().nullable(),
})
export type Template = z.infer<typeof templateSchema>
