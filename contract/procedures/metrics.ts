import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { machineRefSchema } from '../ids.ts'
import { machineMetricsSchema, metricsSampleSchema } from '../metrics.ts'
import { procedure } from '../procedure.ts'

export const metrics = {
  watch: procedure({ summary: 'Tells once a second what running machines use.', access: 'read' })
    .input(z.strictObject({}))
    .output(eventIterator(metricsSampleSchema)),
  history: procedure({ summary: 'What a machine used lately: once a second while somebody watched, else every ten seconds; at most the last fifteen minutes.', access: 'read' }, ['not-found'])
    .input(z.strictObject({ machine: machineRefSchema.describe('Name, id, or beginning of an id.') }))
    .output(z.array(machineMetricsSchema.omit({ machine: true }).extend({ at: z.iso.datetime() }))),
}
