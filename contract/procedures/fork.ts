import { z } from 'zod'
import { checkpointRefSchema, machineRefSchema } from '../ids.ts'
import { jobSchema } from '../job.ts'
import { boundForwardSchema, machineDetailsSchema, machineNameSchema, machineSummarySchema } from '../machine.ts'
import { procedure } from '../procedure.ts'

const machine = machineRefSchema.describe('Name, id, or beginning of an id.')

/** Seconds; at most a year. */
export const ttlSecondsSchema = z.int().min(10).max(366 * 86_400)

export const forkProcedures = {
  fork: procedure(
    { summary: 'Makes new machines of a running one, of a checkpoint, or of a template, sharing disks and RAM with it. A running one goes on.', access: 'write', states: ['running', 'paused', 'stopped', 'crashed'], cli: { command: 'fork', positionals: ['machine'], fields: { checkpoint: { flag: 'from' }, ttlSeconds: { flag: 'ttl', unit: 'duration-s' } }, examples: ['mayfly fork web', 'mayfly fork web --count 5 --name "test-{n}" --throwaway', 'mayfly fork web --from "before upgrade" --ttl 2h'] } },
    ['not-found', 'conflict', 'in-use', 'unsupported', 'no-space', 'storage-corrupt', 'host-unavailable', 'qemu-launch-failed', 'qmp-failed', 'qmp-interrupted'],
  )
    .input(z.strictObject({
      machine,
      checkpoint: checkpointRefSchema.optional().describe('Fork this checkpoint instead of the machine as it is.'),
      count: z.int().min(1).max(100).default(1).describe('How many.'),
      name: machineNameSchema.optional().describe('What to call them; {n} becomes a number. Default: the machine\'s name, -fork- and a number.'),
      begin: z.enum(['start', 'pause']).default('start').describe('start: they run at once. pause: they wait, paused.'),
      throwaway: z.boolean().default(false).describe('Each deletes itself when it stops.'),
      ttlSeconds: ttlSecondsSchema.optional().describe('Each deletes itself after this time.'),
      what: z.enum(['auto', 'ram', 'disks']).default('auto').describe('disks: leave RAM aside; the forks then boot. auto: with RAM where there is any.'),
    }))
    .output(z.strictObject({
      forks: z.array(z.strictObject({
        machine: machineSummarySchema,
        /** Forwards got other host ports, for the parent keeps its own. */
        forwards: z.array(boundForwardSchema),
        /** From the call until its CPUs ran. */
        readyMs: z.number(),
      })),
      /** How long the parent stood still; 0 where it did not. */
      pauseMs: z.number(),
      /** What a fork cannot have, one sentence each. */
      notes: z.array(z.string()),
    })),
  promote: procedure({ summary: 'Makes a fork independent of what it was forked from, while it runs.', access: 'write', states: ['running', 'paused', 'stopped', 'crashed'], job: true, cli: { command: 'promote', positionals: ['machine'] } }, ['not-found', 'conflict', 'no-space', 'qmp-failed', 'qmp-interrupted'])
    .input(z.strictObject({ machine }))
    .output(jobSchema),
  setLife: procedure(
    { summary: 'Says how long a machine lives: whether it deletes itself when it stops, or at a time.', access: 'write', cli: { command: 'life', positionals: ['machine'], fields: { ttlSeconds: { flag: 'ttl', unit: 'duration-s' } }, examples: ['mayfly life web-fork-1 --ttl 2h', 'mayfly life web-fork-1 --no-throwaway'] } },
    ['not-found', 'conflict', 'no-space'],
  )
    .input(z.strictObject({
      machine,
      throwaway: z.boolean().optional().describe('Delete it when it stops.'),
      ttlSeconds: ttlSecondsSchema.nullable().optional().describe('Delete it after this time from now; null: never.'),
    }))
    .output(machineDetailsSchema),
}
