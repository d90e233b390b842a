/**
 * What changes, as it changes. A subscription begins with a snapshot; each later event carries
 * the next revision. `gap` ends a subscription whose reader was too slow: subscribe again.
 */
import { z } from 'zod'
import { checkpointIdSchema, imageIdSchema, machineIdSchema } from './ids.ts'
import { runSchema } from './run.ts'
import { templateSchema } from './template.ts'
import { imageSchema } from './image.ts'
import { jobSchema } from './job.ts'
import { machineSummarySchema } from './machine.ts'

const revision = z.int().min(0)

export const eventSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('snapshot'), revision, machines: z.array(machineSummarySchema), jobs: z.array(jobSchema), images: z.array(imageSchema), templates: z.array(templateSchema), runs: z.array(runSchema) }),
  z.strictObject({ type: z.literal('machine.changed'), revision, machine: machineSummarySchema }),
  z.strictObject({ type: z.literal('machine.removed'), revision, machine: machineIdSchema }),
  /** An edge, not a level: it happened now. `sentence` is for people. */
  z.strictObject({ type: z.literal('machine.happened'), revision, machine: machineIdSchema, what: z.enum(['started', 'stopped', 'crashed', 'reset', 'watchdog', 'agent-answers', 'adopted', 'no-space', 'went-on', 'checkpoint', 'restored', 'forked', 'promoted']), sentence: z.string(), at: z.iso.datetime() }),
  z.strictObject({ type: z.literal('job.changed'), revision, job: jobSchema }),
  z.strictObject({ type: z.literal('image.changed'), revision, image: imageSchema }),
  z.strictObject({ type: z.literal('image.removed'), revision, image: imageIdSchema }),
  /** The tree of checkpoints of a machine has changed: ask for its timeline again. `checkpoint` is the one concerned. */
  z.strictObject({ type: z.literal('timeline.changed'), revision, machine: machineIdSchema, checkpoint: checkpointIdSchema.nullable() }),
  z.strictObject({ type: z.literal('template.changed'), revision, template: templateSchema }),
  z.strictObject({ type: z.literal('template.removed'), revision, machine: machineIdSchema }),
  z.strictObject({ type: z.literal('run.changed'), revision, run: runSchema }),
  z.strictObject({ type: z.literal('run.removed'), revision, run: runSchema.shape.id }),
  z.strictObject({ type: z.literal('gap'), revision }),
])
export type EngineEvent = z.infer<typeof eventSchema>
