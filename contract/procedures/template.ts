import { z } from 'zod'
import { imageRefSchema, machineRefSchema } from '../ids.ts'
import { jobSchema } from '../job.ts'
import { cpuCountSchema, machineNameSchema, memoryMiBSchema } from '../machine.ts'
import { procedure } from '../procedure.ts'
import { readyConditionSchema, templateSchema } from '../template.ts'

const template = machineRefSchema.describe('Name, id, or beginning of an id.')

export const templateProcedures = {
  make: procedure(
    { summary: 'Makes a template: boots a machine until it is ready, saves it with its RAM, and freezes it. Made again where there is one.', access: 'write', job: true, cli: { command: 'template make', positionals: ['name'], fields: { memoryMiB: { flag: 'memory', unit: 'size-mib' }, maxMemoryMiB: { flag: 'max-memory', unit: 'size-mib' }, timeoutSeconds: { flag: 'timeout', unit: 'duration-s' } }, examples: ['mayfly template make tiny', 'mayfly template make big --image tiny --memory 512MiB --max-cpus 4 --max-memory 2GiB', 'mayfly template make logged-in --machine web --ready "command:systemctl is-active app"'] } },
    ['not-found', 'conflict', 'unsupported', 'no-space', 'timeout', 'storage-corrupt', 'qemu-launch-failed', 'host-unavailable'],
  )
    .input(z.strictObject({
      name: machineNameSchema.describe('What to call it. A template of this name is made anew.'),
      machine: machineRefSchema.optional().describe('Make it of a copy of this machine\'s disks, or its live state where it runs.'),
      image: imageRefSchema.optional().describe('Make it of this image; default: tiny, or what it was made of before.'),
      cpus: cpuCountSchema.optional().describe('How many CPUs forks have.'),
      memoryMiB: memoryMiBSchema.optional().describe('How much memory forks have.'),
      maxCpus: cpuCountSchema.optional().describe('How many CPUs a fork can be given at most.'),
      maxMemoryMiB: memoryMiBSchema.optional().describe('How much memory a fork can be given at most.'),
      ready: readyConditionSchema.optional().describe('agent, helper, serial:TEXT, or command:COMMAND; default: what the image says, else agent.'),
      timeoutSeconds: z.int().min(1).max(86_400).default(600).describe('How long it may take to become ready.'),
    }))
    .output(jobSchema),
  list: procedure({ summary: 'Lists the templates.', access: 'read', cli: { command: 'template list' } })
    .input(z.strictObject({}))
    .output(z.array(templateSchema)),
  setPool: procedure({ summary: 'Says how many processes wait so that a fork of a template starts at once.', access: 'write', cli: { command: 'template pool', positionals: ['template', 'wanted'] } }, ['not-found', 'conflict', 'no-space'])
    .input(z.strictObject({ template, wanted: z.string().regex(/^(auto|[0-9]|[1-5][0-9]|6[0-4])$/, 'Give a number up to 64, or auto.').describe('A number up to 64, or auto.') }))
    .output(templateSchema),
  remove: procedure({ summary: 'Removes a template. Its forks go on.', access: 'destroy', cli: { command: 'template remove', positionals: ['template'], confirm: true } }, ['not-found', 'in-use', 'conflict'])
    .input(z.strictObject({ template }))
    .output(z.strictObject({ machine: templateSchema.shape.machine, name: z.string() })),
}
