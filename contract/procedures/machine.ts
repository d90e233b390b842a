import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { applianceSchema } from '../appliance.ts'
import { diskBusSchema, diskSizeMiB, displaySchema, firmwareSchema, portForwardSchema, soundSchema, watchdogSchema } from '../device.ts'
import { deviceIdSchema, imageRefSchema, machineRefSchema } from '../ids.ts'
import { jobSchema } from '../job.ts'
import { keySchema } from '../key.ts'
import { statesAtRest } from '../machine-state.ts'
import { cpuCountSchema, cpuTopologySchema, machineConfigSchema, machineDetailsSchema, machineNameSchema, machineSummarySchema, memoryMiBSchema, profileSchema, tagSchema } from '../machine.ts'
import { procedure } from '../procedure.ts'
import { forkProcedures, ttlSecondsSchema } from './fork.ts'

const machine = machineRefSchema.describe('Name, id, or beginning of an id.')
const applianceFile = z.string().min(1).max(4096).describe('The OVA file, as an absolute path on the engine\'s host.')
const byMachine = z.strictObject({ machine })

/** What a new machine is asked to be. Everything but the name has a good default. */
export const createRequestSchema = z.strictObject({
  name: machineNameSchema.describe('What to call it.'),
  image: imageRefSchema.optional().describe('The image to boot or install from.'),
  profile: profileSchema.optional().describe('paravirtual (default), compatible, or micro.'),
  cpus: cpuCountSchema.optional().describe('How many CPUs.'),
  memoryMiB: memoryMiBSchema.optional().describe('How much memory.'),
  diskMiB: diskSizeMiB.optional().describe('Size of the system disk; it grows as it fills.'),
  diskBus: diskBusSchema.optional().describe('How the disk is attached; default: as the profile says.'),
  preallocation: z.enum(['off', 'metadata', 'falloc', 'full']).default('off').describe('Reserve the disk\'s space now instead of as it fills.'),
  forwards: z.array(portForwardSchema).max(256).optional().describe('Port on this host to port in the guest; 127.0.0.1 unless an address is given.'),
  firmware: firmwareSchema.shape.kind.optional().describe('bios (default) or uefi.'),
  secureBoot: z.boolean().optional().describe('UEFI Secure Boot.'),
  tpm: z.boolean().optional().describe('A TPM 2.0.'),
  display: displaySchema.shape.model.optional().describe('The graphics card.'),
  sound: soundSchema.optional().describe('A sound card: none or on; default: on where there is a desktop to be expected.'),
  accelerator: z.enum(['auto', 'kvm', 'tcg']).optional().describe('auto takes the faster one, as measured.'),
  tags: z.array(tagSchema).max(32).optional().describe('Tags to group it by.'),
  notes: z.string().max(20_000).optional().describe('Notes.'),
  throwaway: z.boolean().default(false).describe('It deletes itself when it stops.'),
  ttlSeconds: ttlSecondsSchema.optional().describe('It deletes itself after this time.'),
  start: z.boolean().default(false).describe('Start it at once.'),
})
export type CreateRequest = z.infer<typeof createRequestSchema>

/** Settings of a machine that `set` changes; absent: unchanged; null: removed. */
export const machineChangesSchema = z.strictObject({
  notes: z.string().max(20_000).optional().describe('Notes.'),
  tags: z.array(tagSchema).max(32).optional().describe('Tags, replacing those it has.'),
  cpus: cpuCountSchema.optional().describe('How many CPUs.'),
  topology: cpuTopologySchema.nullable().optional(),
  memoryMiB: memoryMiBSchema.optional().describe('How much memory.'),
  accelerator: machineConfigSchema.shape.accelerator.unwrap().optional().describe('auto takes the faster one, as measured.'),
  cpuModel: machineConfigSchema.shape.cpuModel.unwrap().optional().describe('auto, host, max, or a model QEMU knows.'),
  firmware: firmwareSchema.optional(),
  display: displaySchema.optional(),
  sound: soundSchema.optional().describe('A sound card: none or on.'),
  clipboard: z.boolean().optional().describe('Share the clipboard of who watches the screen with the guest.'),
  watchdog: watchdogSchema.nullable().optional(),
  rng: z.boolean().optional().describe('A random number generator device.'),
  balloon: z.boolean().optional().describe('A memory balloon device.'),
  vmgenid: z.boolean().optional().describe('A device that tells the guest when it was forked.'),
  tpm: z.boolean().optional().describe('A TPM 2.0.'),
  stop: machineConfigSchema.shape.stop.optional(),
})
export type MachineChanges = z.infer<typeof machineChangesSchema>

/** `running`, `stopped`, `agent`, or `serial:` and the text to wait for. */
export const waitConditionSchema = z.string().regex(/^(running|stopped|agent|serial:[\s\S]{1,500})$/, 'Wait for running, stopped, agent, or serial:TEXT.')

export const logSourceSchema = z.enum(['serial', 'qemu', 'qmp', 'events'])

export const machineProcedures = {
  list: procedure({ summary: 'Lists the machines.', access: 'read', cli: { command: 'list' } })
    .input(z.strictObject({ tag: tagSchema.optional().describe('Only machines with this tag.'), state: machineSummarySchema.shape.state.optional().describe('Only machines in this state.') }))
    .output(z.array(machineSummarySchema)),
  show: procedure({ summary: 'Shows everything about one machine.', access: 'read', cli: { command: 'show', positionals: ['machine'] } }, ['not-found'])
    .input(byMachine)
    .output(machineDetailsSchema),
  create: procedure(
    {
      summary: 'Makes a machine.',
      access: 'write',
      cli: {
        command: 'create',
        positionals: ['name'],
        fields: { ttlSeconds: { flag: 'ttl', unit: 'duration-s' }, memoryMiB: { flag: 'memory', unit: 'size-mib' }, diskMiB: { flag: 'disk', unit: 'size-mib' }, forwards: { flag: 'forward', unit: 'forward' }, tags: { flag: 'tag' } },
        examples: ['mayfly create web --image tiny --start', 'mayfly create db --image debian-13.iso --cpus 4 --memory 4GiB --disk 40GiB --forward 5432:5432'],
      },
    },
    ['not-found', 'conflict', 'unsupported', 'no-space', 'host-unavailable', 'qemu-launch-failed', 'qmp-failed', 'qmp-interrupted', 'in-use', 'timeout', 'storage-corrupt'],
  )
    .input(createRequestSchema)
    .output(machineSummarySchema),
  start: procedure(
    { summary: 'Starts a machine.', access: 'write', states: statesAtRest, cli: { command: 'start', positionals: ['machine'] } },
    ['not-found', 'conflict', 'in-use', 'unsupported', 'host-unavailable', 'qemu-launch-failed', 'qmp-failed', 'qmp-interrupted', 'no-space', 'timeout', 'storage-corrupt'],
  )
    .input(byMachine)
    .output(machineSummarySchema),
  stop: procedure(
    { summary: 'Asks the guest to shut down, and waits. With force, switches it off at once.', access: 'write', states: ['running', 'paused', 'starting', 'stopping', 'saving', 'restoring', 'unknown', 'broken'], cli: { command: 'stop', positionals: ['machine'], fields: { timeoutSeconds: { flag: 'timeout', unit: 'duration-s' } } } },
    ['not-found', 'conflict', 'timeout', 'qmp-failed', 'qmp-interrupted'],
  )
    .input(z.strictObject({
      machine,
      force: z.boolean().default(false).describe('Switch it off, as if the plug were pulled.'),
      timeoutSeconds: z.int().min(1).max(3600).optional().describe('How long the guest may take; default: as the machine is set.'),
    }))
    .output(machineSummarySchema),
  restart: procedure(
    { summary: 'Shuts the guest down and starts the machine again, with what waited for its next start. It is seen through whether or not the caller waits.', access: 'write', states: ['running', 'paused', 'stopping', 'unknown'], cli: { command: 'restart', positionals: ['machine'], fields: { timeoutSeconds: { flag: 'timeout', unit: 'duration-s' } } } },
    ['not-found', 'conflict', 'in-use', 'unsupported', 'host-unavailable', 'qemu-launch-failed', 'qmp-failed', 'qmp-interrupted', 'no-space', 'timeout', 'storage-corrupt'],
  )
    .input(z.strictObject({
      machine,
      force: z.boolean().default(false).describe('Switch it off, as if the plug were pulled, instead of asking the guest.'),
      timeoutSeconds: z.int().min(1).max(3600).optional().describe('How long the guest may take; default: as the machine is set.'),
    }))
    .output(machineSummarySchema),
  pause: procedure({ summary: 'Stops the guest\'s CPUs where they are.', access: 'write', states: ['running'], cli: { command: 'pause', positionals: ['machine'] } }, ['not-found', 'conflict', 'timeout', 'qmp-failed', 'qmp-interrupted'])
    .input(byMachine)
    .output(machineSummarySchema),
  resume: procedure({ summary: 'Lets a paused guest go on.', access: 'write', states: ['paused'], cli: { command: 'resume', positionals: ['machine'] } }, ['not-found', 'conflict', 'timeout', 'qmp-failed', 'qmp-interrupted', 'no-space'])
    .input(byMachine)
    .output(machineSummarySchema),
  reset: procedure({ summary: 'Resets the guest as its reset button would.', access: 'write', states: ['running', 'paused'], cli: { command: 'reset', positionals: ['machine'] } }, ['not-found', 'conflict', 'timeout', 'qmp-failed', 'qmp-interrupted'])
    .input(byMachine)
    .output(machineSummarySchema),
  rename: procedure({ summary: 'Gives a machine another name.', access: 'write', cli: { command: 'rename', positionals: ['machine', 'name'] } }, ['not-found', 'conflict', 'no-space'])
    .input(z.strictObject({ machine, name: machineNameSchema.describe('The new name.') }))
    .output(machineSummarySchema),
  set: procedure(
    { summary: 'Changes settings. What the running guest cannot take waits for the next start, and is listed as pending.', access: 'write', states: ['stopped', 'crashed', 'running', 'paused'], cli: { command: 'set', positionals: ['machine'], fields: { memoryMiB: { flag: 'memory', unit: 'size-mib' }, tags: { flag: 'tag' } }, examples: ['mayfly set web --cpus 4 --memory 2GiB'] } },
    ['not-found', 'conflict', 'unsupported', 'no-space', 'timeout', 'qmp-failed', 'qmp-interrupted'],
  )
    .input(machineChangesSchema.extend({ machine }))
    .output(machineDetailsSchema),
  setBootOrder: procedure(
    { summary: 'Says from which devices a machine boots, and in which order. It counts from the next start.', access: 'write', states: ['stopped', 'crashed', 'running', 'paused'], cli: { command: 'boot-order', positionals: ['machine', 'devices…'], examples: ['mayfly boot-order web cd0 disk0'] } },
    ['not-found', 'conflict', 'unsupported', 'no-space'],
  )
    .input(z.strictObject({ machine, devices: z.array(deviceIdSchema).max(36).describe('Disks, CD drives and network cards, first to last. Those not named are not booted from.') }))
    .output(machineDetailsSchema),
  dropPending: procedure({ summary: 'Drops changes that wait for the next start.', access: 'write', states: ['running', 'paused'], cli: { command: 'drop-pending', positionals: ['machine'] } }, ['not-found', 'conflict', 'no-space'])
    .input(z.strictObject({ machine, fields: z.array(z.string()).optional().describe('Only these fields, as `show` names them.') }))
    .output(machineDetailsSchema),
  clone: procedure({ summary: 'Makes an independent copy of a machine that is off.', access: 'write', states: statesAtRest, job: true, cli: { command: 'clone', positionals: ['machine', 'name'] } }, ['not-found', 'conflict', 'no-space', 'storage-corrupt'])
    .input(z.strictObject({ machine, name: machineNameSchema.describe('The copy\'s name.') }))
    .output(jobSchema),
  inspectAppliance: procedure({ summary: 'Reads what an OVA file would become, changing nothing.', access: 'read' }, ['not-found', 'unsupported'])
    .input(z.strictObject({ file: applianceFile }))
    .output(applianceSchema),
  import: procedure(
    {
      summary: 'Makes a machine from an OVA file: its disks, CPUs, memory, firmware and network cards.',
      access: 'write',
      job: true,
      cli: { command: 'import', positionals: ['file', 'name'], fields: { memoryMiB: { flag: 'memory', unit: 'size-mib' }, diskMiB: { flag: 'disk', unit: 'size-mib' }, forwards: { flag: 'forward', unit: 'forward' } }, examples: ['mayfly import appliance.ova', 'mayfly import appliance.ova web --memory 2GiB'] },
    },
    ['not-found', 'unsupported', 'no-space', 'conflict', 'host-unavailable', 'storage-corrupt'],
  )
    .input(z.strictObject({
      file: applianceFile,
      name: machineNameSchema.optional().describe('What to call it; default: as the appliance is called.'),
      cpus: cpuCountSchema.optional().describe('How many CPUs; default: as the appliance says.'),
      memoryMiB: memoryMiBSchema.optional().describe('How much memory; default: as the appliance says.'),
      diskMiB: diskSizeMiB.optional().describe('Size of its first disk; default, and at least: as the appliance says.'),
      forwards: z.array(portForwardSchema).max(256).optional().describe('Port on this host to port in the guest.'),
      start: z.boolean().default(false).describe('Start it once it is there.'),
    }))
    .output(jobSchema),
  delete: procedure({ summary: 'Puts a machine in the trash. A running one is switched off first, if forced.', access: 'destroy', states: ['stopped', 'crashed', 'broken', 'starting', 'running', 'paused', 'stopping', 'unknown'], cli: { command: 'delete', positionals: ['machine'], confirm: true } }, ['not-found', 'conflict', 'in-use', 'timeout', 'no-space'])
    .input(z.strictObject({ machine, force: z.boolean().default(false).describe('Switch it off first if it runs.') }))
    .output(z.strictObject({ id: machineSummarySchema.shape.id, name: z.string() })),
  wait: procedure(
    { summary: 'Answers when a machine has become what is waited for.', access: 'read', cli: { command: 'wait', positionals: ['machine'], fields: { timeoutMs: { flag: 'timeout', unit: 'duration-ms' } }, examples: ['mayfly wait web --for agent --timeout 60s'] } },
    ['not-found', 'timeout', 'conflict'],
  )
    .input(z.strictObject({
      machine,
      for: waitConditionSchema.describe('running, stopped, agent, or serial:TEXT.'),
      timeoutMs: z.int().min(1).max(86_400_000).default(60_000).describe('How long to wait.'),
    }))
    .output(machineSummarySchema),
  screenshot: procedure({ summary: 'Takes a picture of the screen.', access: 'read', states: ['running', 'paused', 'stopping'], cli: { command: 'screenshot', positionals: ['machine', 'file'], interactive: true } }, ['not-found', 'conflict', 'unsupported', 'qmp-failed', 'qmp-interrupted'])
    .input(byMachine)
    .output(z.strictObject({ mediaType: z.literal('image/png'), base64: z.base64() })),
  pressKeys: procedure({ summary: 'Presses keys on the keyboard of a guest, one combination after the other. What a key writes is up to the layout the guest is set to.', access: 'write', states: ['running'] }, ['not-found', 'conflict', 'timeout', 'qmp-failed', 'qmp-interrupted'])
    .input(z.strictObject({
      machine,
      presses: z.array(z.array(keySchema).min(1).max(6)).min(1).max(2000).describe('Keys that go down together, by their place on the keyboard (UI Events KeyboardEvent code).'),
    }))
    .output(machineSummarySchema),
  log: procedure({ summary: 'Reads the end of a log of a machine.', access: 'read', cli: { command: 'log', positionals: ['machine'], interactive: true } }, ['not-found'])
    .input(z.strictObject({ machine, source: logSourceSchema.default('serial'), tailBytes: z.int().min(1).max(4 * 1024 * 1024).default(65_536) }))
    .output(z.strictObject({ text: z.string(), truncated: z.boolean() })),
  followLog: procedure({ summary: 'Reads the end of a log, then goes on as it grows; with thisBootOnly nothing of what was there before the machine was last started.', access: 'read' }, ['not-found'])
    .input(z.strictObject({ machine, source: logSourceSchema.default('serial'), tailBytes: z.int().min(0).max(4 * 1024 * 1024).default(65_536), thisBootOnly: z.boolean().default(false) }))
    .output(eventIterator(z.strictObject({ text: z.string(), skippedBytes: z.int() }))),
  ...forkProcedures,
}
