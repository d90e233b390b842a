import { z } from 'zod'
import { checkpointDiffSchema, checkpointLabelSchema, checkpointSchema, timelineSchema } from '../checkpoint.ts'
import { checkpointRefSchema, machineRefSchema } from '../ids.ts'
import { jobSchema } from '../job.ts'
import { machineNameSchema } from '../machine.ts'
import { procedure } from '../procedure.ts'

const machine = machineRefSchema.describe('Name, id, or beginning of an id.')
const checkpoint = checkpointRefSchema.describe('Label, id, or beginning of an id.')
const one = z.strictObject({ machine, checkpoint })

export const checkpointProcedures = {
  take: procedure(
    { summary: 'Saves the machine as it is now: its disks, or its disks and RAM.', access: 'write', states: ['stopped', 'crashed', 'running', 'paused'], job: true, cli: { command: 'checkpoint take', positionals: ['machine', 'label'], examples: ['mayfly checkpoint take web "before upgrade"', 'mayfly checkpoint take web --disk'] } },
    ['not-found', 'conflict', 'unsupported', 'no-space', 'storage-corrupt', 'qmp-failed', 'qmp-interrupted'],
  )
    .input(z.strictObject({
      machine,
      label: checkpointLabelSchema.optional().describe('What to call it; default: the time.'),
      description: z.string().max(2000).default('').describe('What it is for.'),
      what: z.enum(['auto', 'ram', 'disks']).default('auto').describe('ram, disks, or auto: with RAM where the machine runs and nothing stands against it.'),
      freezeFileSystems: z.enum(['auto', 'yes', 'no']).default('auto').describe('Let the agent freeze the guest\'s file systems for the moment; auto: where it answers and RAM is not saved.'),
    }))
    .output(jobSchema),
  list: procedure({ summary: 'Lists the checkpoints of a machine, and what the present grew from.', access: 'read', cli: { command: 'checkpoint list', positionals: ['machine'] } }, ['not-found', 'storage-corrupt', 'schema-too-new'])
    .input(z.strictObject({ machine }))
    .output(timelineSchema),
  show: procedure({ summary: 'Shows everything about a checkpoint.', access: 'read', cli: { command: 'checkpoint show', positionals: ['machine', 'checkpoint'] } }, ['not-found', 'storage-corrupt', 'schema-too-new'])
    .input(one)
    .output(checkpointSchema),
  thumbnail: procedure({ summary: 'The screen as it was at a checkpoint.', access: 'read' }, ['not-found', 'storage-corrupt'])
    .input(one)
    .output(z.strictObject({ mediaType: z.literal('image/png'), base64: z.base64() })),
  restore: procedure(
    { summary: 'Takes the machine back to a checkpoint. What it is now is lost, unless kept.', access: 'destroy', states: ['stopped', 'crashed', 'running', 'paused'], job: true, cli: { command: 'checkpoint restore', positionals: ['machine', 'checkpoint'], confirm: true, examples: ['mayfly checkpoint restore web "before upgrade" --keep-present'] } },
    ['not-found', 'conflict', 'unsupported', 'no-space', 'storage-corrupt', 'qmp-failed', 'qmp-interrupted', 'qemu-launch-failed', 'host-unavailable'],
  )
    .input(one.extend({
      what: z.enum(['auto', 'ram', 'disks']).default('auto').describe('disks: leave its RAM aside; the machine is then off. auto: all that was saved.'),
      keepPresent: z.boolean().default(false).describe('Make a checkpoint of the present first.'),
    }))
    .output(jobSchema),
  branch: procedure(
    { summary: 'Restores a checkpoint without losing the present, which becomes a checkpoint first.', access: 'write', states: ['stopped', 'crashed', 'running', 'paused'], job: true, cli: { command: 'checkpoint branch', positionals: ['machine', 'checkpoint'] } },
    ['not-found', 'conflict', 'unsupported', 'no-space', 'storage-corrupt', 'qmp-failed', 'qmp-interrupted', 'qemu-launch-failed', 'host-unavailable'],
  )
    .input(one.extend({
      what: z.enum(['auto', 'ram', 'disks']).default('auto').describe('disks: leave its RAM aside; the machine is then off. auto: all that was saved.'),
      presentLabel: checkpointLabelSchema.optional().describe('What to call the present.'),
    }))
    .output(jobSchema),
  rename: procedure({ summary: 'Gives a checkpoint another label or description.', access: 'write', cli: { command: 'checkpoint rename', positionals: ['machine', 'checkpoint', 'label'] } }, ['not-found', 'conflict', 'no-space', 'storage-corrupt'])
    .input(one.extend({ label: checkpointLabelSchema.optional().describe('The new label.'), description: z.string().max(2000).optional().describe('The new description.') }))
    .output(checkpointSchema),
  delete: procedure(
    { summary: 'Deletes a checkpoint. What it alone holds is merged or freed; what others need of it stays.', access: 'destroy', states: ['stopped', 'crashed', 'running', 'paused'], job: true, cli: { command: 'checkpoint delete', positionals: ['machine', 'checkpoint'], confirm: true } },
    ['not-found', 'conflict', 'in-use', 'no-space', 'storage-corrupt'],
  )
    .input(one)
    .output(jobSchema),
  export: procedure({ summary: 'Makes a new, independent machine of a checkpoint.', access: 'write', job: true, cli: { command: 'checkpoint export', positionals: ['machine', 'checkpoint', 'name'] } }, ['not-found', 'conflict', 'no-space', 'storage-corrupt'])
    .input(one.extend({ name: machineNameSchema.describe('The new machine\'s name.') }))
    .output(jobSchema),
  diff: procedure({ summary: 'Tells what differs between two checkpoints: disks, hardware, packages.', access: 'read', cli: { command: 'checkpoint diff', positionals: ['machine', 'a', 'b'] } }, ['not-found', 'storage-corrupt'])
    .input(z.strictObject({ machine, a: checkpoint, b: checkpoint }))
    .output(checkpointDiffSchema),
}
