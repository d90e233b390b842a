import { z } from 'zod'
import { diskBusSchema, diskSchema, diskSizeMiB, nicSchema, portForwardSchema } from '../device.ts'
import { deviceIdSchema, imageRefSchema, machineRefSchema } from '../ids.ts'
import { jobSchema } from '../job.ts'
import { machineDetailsSchema } from '../machine.ts'
import { statesAtRest } from '../machine-state.ts'
import { procedure } from '../procedure.ts'

const machine = machineRefSchema.describe('Name, id, or beginning of an id.')
const anyButBroken = ['stopped', 'crashed', 'running', 'paused'] as const

export const disk = {
  add: procedure({ summary: 'Adds a blank disk, or one made from a disk image. A running guest sees it at its next start.', access: 'write', states: anyButBroken, job: true, cli: { command: 'disk add', positionals: ['machine'], fields: { sizeMiB: { flag: 'size', unit: 'size-mib' } } } }, ['not-found', 'conflict', 'no-space', 'unsupported'])
    .input(z.strictObject({
      machine,
      sizeMiB: diskSizeMiB.optional().describe('Virtual size; default: the image\'s.'),
      image: imageRefSchema.optional().describe('A disk image to begin from.'),
      bus: diskBusSchema.optional().describe('How it is attached; default: as the profile says.'),
      label: diskSchema.shape.label.unwrap().optional().describe('What to call it.'),
      cache: diskSchema.shape.cache.unwrap().optional().describe('safe (default), direct, or unsafe.'),
      preallocation: z.enum(['off', 'metadata', 'falloc', 'full']).default('off').describe('Reserve its space now.'),
    }))
    .output(jobSchema),
  remove: procedure({ summary: 'Removes a disk and its data from a machine that is off.', access: 'destroy', states: statesAtRest, cli: { command: 'disk remove', positionals: ['machine', 'disk'], confirm: true } }, ['not-found', 'conflict', 'no-space'])
    .input(z.strictObject({ machine, disk: deviceIdSchema }))
    .output(machineDetailsSchema),
  resize: procedure({ summary: 'Makes a disk larger, also while the machine runs.', access: 'write', states: anyButBroken, cli: { command: 'disk resize', positionals: ['machine', 'disk'], fields: { sizeMiB: { flag: 'size', unit: 'size-mib' } } } }, ['not-found', 'conflict', 'no-space', 'timeout', 'qmp-failed', 'qmp-interrupted'])
    .input(z.strictObject({ machine, disk: deviceIdSchema, sizeMiB: diskSizeMiB.describe('The new virtual size; not smaller than it is.') }))
    .output(machineDetailsSchema),
  check: procedure({ summary: 'Checks the disks of a machine that is off for damage, changing nothing.', access: 'read', states: statesAtRest, job: true, cli: { command: 'disk check', positionals: ['machine'] } }, ['not-found', 'conflict'])
    .input(byMachineAndDisk())
    .output(jobSchema),
}

function byMachineAndDisk() {
  return z.strictObject({ machine, disk: deviceIdSchema.optional().describe('Only this disk.') })
}

export const cdrom = {
  insert: procedure({ summary: 'Puts an ISO image in the CD drive, also while the machine runs.', access: 'write', states: anyButBroken, cli: { command: 'cd insert', positionals: ['machine', 'image'] } }, ['not-found', 'conflict', 'unsupported', 'timeout', 'qmp-failed', 'qmp-interrupted', 'no-space'])
    .input(z.strictObject({ machine, image: imageRefSchema.describe('An ISO image.'), drive: deviceIdSchema.optional().describe('Which drive; default: the first.') }))
    .output(machineDetailsSchema),
  eject: procedure({ summary: 'Takes the disc out of the CD drive.', access: 'write', states: anyButBroken, cli: { command: 'cd eject', positionals: ['machine'] } }, ['not-found', 'conflict', 'unsupported', 'timeout', 'qmp-failed', 'qmp-interrupted', 'no-space'])
    .input(z.strictObject({ machine, drive: deviceIdSchema.optional().describe('Which drive; default: the first.'), force: z.boolean().default(false).describe('Also when the guest has locked the drive.') }))
    .output(machineDetailsSchema),
}

export const nic = {
  add: procedure({ summary: 'Adds a network card. A running guest sees it at its next start.', access: 'write', states: anyButBroken, cli: { command: 'nic add', positionals: ['machine'] } }, ['not-found', 'conflict', 'no-space'])
    .input(z.strictObject({ machine, model: nicSchema.shape.model.optional().describe('Default: as the profile says.') }))
    .output(machineDetailsSchema),
  remove: procedure({ summary: 'Removes a network card. A running guest loses it at its next start.', access: 'write', states: anyButBroken, cli: { command: 'nic remove', positionals: ['machine', 'nic'] } }, ['not-found', 'conflict', 'no-space'])
    .input(z.strictObject({ machine, nic: deviceIdSchema }))
    .output(machineDetailsSchema),
  connect: procedure({ summary: 'Plugs the network cable in or out, also while the machine runs.', access: 'write', states: anyButBroken, cli: { command: 'nic connect', positionals: ['machine', 'nic'] } }, ['not-found', 'conflict', 'timeout', 'qmp-failed', 'qmp-interrupted', 'no-space'])
    .input(z.strictObject({ machine, nic: deviceIdSchema, connected: z.boolean().default(true).describe('--no-connected takes it out.') }))
    .output(machineDetailsSchema),
}

const forwardSelector = { machine, nic: deviceIdSchema.optional().describe('Which network card; default: the first.') }

export const forward = {
  add: procedure({ summary: 'Forwards a port of this host to the guest, also while the machine runs.', access: 'write', states: anyButBroken, cli: { command: 'forward add', positionals: ['machine', 'forward'], fields: { forward: { unit: 'forward' } }, examples: ['mayfly forward add web 8080:80', 'mayfly forward add web 0.0.0.0:8080:80/tcp'] } }, ['not-found', 'conflict', 'in-use', 'timeout', 'qmp-failed', 'qmp-interrupted', 'no-space'])
    .input(z.strictObject({ ...forwardSelector, forward: portForwardSchema }))
    .output(machineDetailsSchema),
  remove: procedure({ summary: 'Ends a port forward, also while the machine runs.', access: 'write', states: anyButBroken, cli: { command: 'forward remove', positionals: ['machine', 'hostPort'] } }, ['not-found', 'conflict', 'timeout', 'qmp-failed', 'qmp-interrupted', 'no-space'])
    .input(z.strictObject({ ...forwardSelector, hostPort: z.int().min(1).max(65535).describe('The port on this host.'), protocol: z.enum(['tcp', 'udp']).default('tcp') }))
    .output(machineDetailsSchema),
}
