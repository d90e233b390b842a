/**
 * A throwaway run: one command in one or many forks of a template, each deleted when its command
 * has ended, with the evidence kept: output, exit status, times, serial log, last screen, files.
 */
import { z } from 'zod'
import { machineIdSchema, runIdSchema } from './ids.ts'

/** A key of a matrix becomes an environment variable of the command. */
export const matrixSchema = z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/), z.array(z.string().max(1000)).min(1).max(100))

export const runCellSchema = z.strictObject({
  index: z.int().min(0),
  /** The matrix' values of this cell; empty without a matrix. */
  values: z.record(z.string(), z.string()),
  state: z.enum(['waiting', 'starting', 'running', 'passed', 'failed', 'timed-out', 'cancelled']),
  exitStatus: z.int().nullable(),
  signal: z.string().nullable(),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  /** From the call to the fork's CPUs running. */
  readyMs: z.number().nullable(),
  /** How long the command took, as the host's clock says: from asking the guest for it, which a busy host makes slow too, to its end. */
  durationMs: z.number().nullable(),
  /** The fork, while it lives. */
  machine: machineIdSchema.nullable(),
  /** Set where a fork was kept alive: when it will delete itself; null: never. */
  keptUntil: z.iso.datetime().nullable(),
  hasScreenshot: z.boolean(),
  /** The last line the command wrote. */
  lastLine: z.string(),
  /** One sentence where it failed for another reason than its exit status. */
  reason: z.string().nullable(),
  /** What its evidence lacks or was done differently, one sentence each. */
  notes: z.array(z.string()),
})
export type RunCell = z.infer<typeof runCellSchema>

export const runSchema = z.strictObject({
  id: runIdSchema,
  /** Counts from 1; people say "run 218". */
  number: z.int().min(1),
  template: z.strictObject({ id: machineIdSchema, name: z.string() }),
  argv: z.array(z.string()),
  /** The equal command line. */
  commandLine: z.string(),
  matrix: matrixSchema,
  /** How often each combination of values is run; these cells stand together. */
  count: z.int().min(1),
  parallel: z.int().min(1),
  timeoutSeconds: z.int().nullable(),
  keepOnFailure: z.boolean(),
  /** The archive of files its commands were given; null: none. `kept`: it can be given to another run. */
  input: z.strictObject({ bytes: z.int().min(0), kept: z.boolean() }).nullable().default(null),
  state: z.enum(['running', 'passed', 'failed', 'cancelled']),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  cells: z.array(runCellSchema),
})
export type Run = z.infer<typeof runSchema>

/** A file that was copied out of a guest. */
export const copiedFileSchema = z.strictObject({
  /** Stands for it where it is asked for: its name need not be text. */
  index: z.int().min(0),
  /** Where it was in the guest, without the first slash; what is no text in its name is replaced. */
  path: z.string(),
  /** A link is not followed. */
  kind: z.enum(['file', 'link']),
  bytes: z.int().min(0),
})
export type CopiedFile = z.infer<typeof copiedFileSchema>
