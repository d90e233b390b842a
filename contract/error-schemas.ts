/** Errors as they travel: the shape of each code's details, for whoever checks or documents them. */
import { z } from 'zod'
import { errorCodes } from './errors.ts'
import type { ErrorCode, ErrorDetails, ErrorRecord } from './errors.ts'

const detailSchemas = {
  'invalid-input': z.object({ issues: z.array(z.object({ path: z.string(), message: z.string() })) }),
  'not-found': z.object({ kind: z.string(), ref: z.string() }),
  conflict: z.object({ state: z.string(), allowed: z.array(z.string()) }),
  'in-use': z.object({ by: z.array(z.string()) }),
  unsupported: z.object({ needs: z.string(), have: z.string() }),
  'host-unavailable': z.object({ check: z.string() }),
  'qemu-launch-failed': z.object({ exitCode: z.number().nullable(), signal: z.string().nullable(), stderrTail: z.string() }),
  'qmp-failed': z.object({ command: z.string(), qmpClass: z.string(), description: z.string() }),
  'qmp-interrupted': z.object({ command: z.string() }),
  'job-failed': z.object({ job: z.string() }),
  'storage-corrupt': z.object({ file: z.string(), reason: z.string() }),
  'schema-too-new': z.object({ file: z.string(), version: z.number(), supported: z.number() }),
  'no-space': z.object({ path: z.string(), needed: z.number().nullable(), free: z.number().nullable() }),
  timeout: z.object({ waitedMs: z.number() }),
  cancelled: z.object({}),
  bug: z.object({ reference: z.string() }),
} as const satisfies { readonly [C in ErrorCode]: z.ZodType<ErrorDetails[C]> }

/** Details as they travel: the schema of one code. */
export function errorDetailsSchema<C extends ErrorCode>(code: C): (typeof detailSchemas)[C] {
  return detailSchemas[code]
}

export const errorRecordSchema = z.object({
  code: z.enum(errorCodes as [ErrorCode, ...ErrorCode[]]),
  message: z.string(),
  details: z.record(z.string(), z.unknown()),
  retryable: z.boolean(),
  next: z.string().nullable(),
}) satisfies z.ZodType<ErrorRecord>
