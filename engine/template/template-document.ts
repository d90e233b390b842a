/** template.json: what a template was made of, and how to make it again. */
import { z } from 'zod'
import { checkpointIdSchema, imageIdSchema, machineIdSchema } from '../../contract/ids.ts'
import { cpuCountSchema, memoryMiBSchema } from '../../contract/machine.ts'
import { readyConditionSchema, templateSchema } from '../../contract/template.ts'
import type { DocumentKind } from '../storage/document.ts'

export const templateDocument = {
  format: 'mayfly-template',
  version: 1,
  schema: z.strictObject({
    format: z.literal('mayfly-template'),
    version: z.literal(1),
    /** What forks begin from. Null while it is being made: what is found so by another engine is removed. */
    made: z.strictObject({ checkpoint: checkpointIdSchema, at: z.iso.datetime() }).nullable(),
    /** As asked for, so that it can be made again by its name alone. */
    recipe: z.strictObject({
      /** The image, by what it was then. Null where it was made of a machine. */
      image: z.strictObject({ id: imageIdSchema, name: z.string(), sha256: z.string() }).nullable(),
      cpus: cpuCountSchema.nullable(),
      memoryMiB: memoryMiBSchema.nullable(),
      maxCpus: cpuCountSchema.nullable(),
      maxMemoryMiB: memoryMiBSchema.nullable(),
      ready: readyConditionSchema,
    }),
    /** The one in whose place it comes, and the name it takes of it, until both have happened: what is found so by another engine is finished. */
    replaces: z.strictObject({ machine: machineIdSchema, name: templateSchema.shape.name }).nullable().default(null),
    pool: templateSchema.shape.pool.shape.wanted,
  }),
  migrations: [],
} as const satisfies DocumentKind<z.ZodType>
export type TemplateDocument = z.infer<typeof templateDocument.schema>
export type TemplateRecipe = TemplateDocument['recipe']
