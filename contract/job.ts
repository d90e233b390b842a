/** Long work: it has progress, a speed, a cancel and an outcome, and it stays listed after it ended. */
import { z } from 'zod'
import { errorRecordSchema } from './error-schemas.ts'
import { checkpointIdSchema, imageIdSchema, jobIdSchema, machineIdSchema } from './ids.ts'

export const jobKindSchema = z.enum(['image.build', 'image.add', 'machine.clone', 'machine.import', 'machine.promote', 'machine.export', 'disk.add', 'disk.check', 'checkpoint.take', 'checkpoint.restore', 'checkpoint.delete', 'template.make'])
export type JobKind = z.infer<typeof jobKindSchema>

export const jobSchema = z.strictObject({
  id: jobIdSchema,
  kind: jobKindSchema,
  /** What it does, for people: "Build the tiny image". */
  title: z.string(),
  machine: machineIdSchema.nullable(),
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  /** What it does just now. */
  stage: z.string(),
  /** 0 to 1; null where nobody knows. */
  progress: z.number().min(0).max(1).nullable(),
  /** Bytes a second, while it moves bytes. */
  bytesPerSecond: z.number().nullable(),
  remainingSeconds: z.number().nullable(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  /** Set where `state` is failed or cancelled. */
  error: errorRecordSchema.nullable(),
  /** What it made; filled when done. */
  result: z.strictObject({
    image: imageIdSchema.optional(),
    machine: machineIdSchema.optional(),
    checkpoint: checkpointIdSchema.optional(),
    /** One sentence: the outcome. */
    sentence: z.string(),
  }).nullable(),
})
export type Job = z.infer<typeof jobSchema>
