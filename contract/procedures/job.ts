import { z } from 'zod'
import { jobSchema } from '../job.ts'
import { procedure } from '../procedure.ts'

const jobRef = z.string().min(1).max(40).describe('Id or beginning of an id.')

export const job = {
  list: procedure({ summary: 'Lists jobs: those that run and the last two hundred that ended.', access: 'read', cli: { command: 'job list' } })
    .input(z.strictObject({}))
    .output(z.array(jobSchema)),
  show: procedure({ summary: 'Shows one job.', access: 'read', cli: { command: 'job show', positionals: ['job'] } }, ['not-found'])
    .input(z.strictObject({ job: jobRef }))
    .output(jobSchema),
  wait: procedure({ summary: 'Answers when a job has ended, however it ended.', access: 'read', cli: { command: 'job wait', positionals: ['job'] } }, ['not-found'])
    .input(z.strictObject({ job: jobRef }))
    .output(jobSchema),
  cancel: procedure({ summary: 'Asks a running job to end. What it had begun is undone.', access: 'write', cli: { command: 'job cancel', positionals: ['job'] } }, ['not-found', 'conflict'])
    .input(z.strictObject({ job: jobRef }))
    .output(jobSchema),
}
