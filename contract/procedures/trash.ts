import { z } from 'zod'
import { machineIdSchema, machineRefSchema } from '../ids.ts'
import { machineSummarySchema } from '../machine.ts'
import { procedure } from '../procedure.ts'

export const trashEntrySchema = z.strictObject({
  id: machineIdSchema,
  name: z.string(),
  deletedAt: z.iso.datetime(),
  /** Bytes that emptying would free. */
  sizeBytes: z.int(),
})

const entry = machineRefSchema.describe('Name, id, or beginning of an id.')

export const trash = {
  list: procedure({ summary: 'Lists the machines in the trash.', access: 'read', cli: { command: 'trash list' } })
    .input(z.strictObject({}))
    .output(z.array(trashEntrySchema)),
  restore: procedure({ summary: 'Takes a machine out of the trash.', access: 'write', cli: { command: 'trash restore', positionals: ['machine'] } }, ['not-found', 'conflict'])
    .input(z.strictObject({ machine: entry }))
    .output(machineSummarySchema),
  empty: procedure({ summary: 'Deletes what is in the trash for good.', access: 'destroy', cli: { command: 'trash empty', positionals: ['machine'], confirm: true } }, ['not-found'])
    .input(z.strictObject({ machine: entry.optional() }))
    .output(z.array(trashEntrySchema)),
}
