/**
 * A machine as its owner wants it (`MachineConfig`, kept in machine.json) and as it is
 * (`MachineSummary`, `MachineDetails`). Sizes and limits come from the engine; paths are opaque.
 */
import { z } from 'zod'
import { acceleratorSchema } from './accelerator.ts'
import { cdromSchema, diskSchema, displaySchema, firmwareSchema, macAddressSchema, nicSchema, soundSchema, watchdogSchema } from './device.ts'
import { checkpointIdSchema, deviceIdSchema, imageIdSchema, machineIdSchema, placeSchema } from './ids.ts'
import { machineStateSchema, pausedBySchema } from './machine-state.ts'

/** Anything printable: no control characters, no line breaks, no invisible or bidirectional-override characters, no blank ends. Files never carry it. */
export const machineNameSchema = z
  .string()
  .min(1)
  .max(80)
  .regex(/^[^\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u{200b}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2060}-\u{2069}\u{feff}]+$/u, 'Use printable characters on one line.')
  .refine((name) => name.trim() === name, 'A name does not begin or end with a space.')

export const tagSchema = z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]{0,39}$/u, 'A tag is letters, digits, dots, dashes and underscores.')

/**
 * The hardware's character. `paravirtual`: virtio everywhere, fastest. `compatible`: SATA,
 * e1000e, standard VGA, for any OS. `micro`: microvm with direct kernel boot, least overhead.
 */
export const profileSchema = z.enum(['paravirtual', 'compatible', 'micro'])
export type Profile = z.infer<typeof profileSchema>

/** At most this many CPUs can be asked for; the host's and QEMU's own limits are lower. */
export const cpuCountSchema = z.int().min(1).max(288)
/** MiB. The upper bound keeps arithmetic exact; the host's limit is reported by `host.show`. */
export const memoryMiBSchema = z.int().min(16).max(16 * 1024 * 1024)

export const cpuTopologySchema = z.strictObject({
  sockets: z.int().min(1).max(288),
  cores: z.int().min(1).max(288),
  threads: z.int().min(1).max(2),
})
export type CpuTopology = z.infer<typeof cpuTopologySchema>

export const directBootSchema = z.strictObject({
  /** The image whose kernel and initial RAM disk are started. */
  image: imageIdSchema,
  /** Added to the image's own kernel command line. Printable ASCII. */
  extraCommandLine: z.string().max(1024).regex(/^[\x20-\x7e]*$/).default(''),
})

/** Everything its owner decides about a machine. */
export const machineConfigSchema = z.strictObject({
  name: machineNameSchema,
  notes: z.string().max(20_000).default(''),
  tags: z.array(tagSchema).max(32).default([]),
  profile: profileSchema,
  accelerator: z.enum(['auto', 'kvm', 'tcg']).default('auto'),
  /** `auto`: `host` under KVM, `max` under TCG; else a model QEMU knows. */
  cpuModel: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/).default('auto'),
  cpus: cpuCountSchema,
  /** Default: one socket with that many cores, since desktop systems use only one or two sockets. sockets x cores x threads equals cpus. */
  topology: cpuTopologySchema.optional(),
  memoryMiB: memoryMiBSchema,
  firmware: firmwareSchema,
  directBoot: directBootSchema.optional(),
  disks: z.array(diskSchema).max(24).default([]),
  cdroms: z.array(cdromSchema).max(4).default([]),
  nics: z.array(nicSchema).max(8).default([]),
  display: displaySchema,
  sound: soundSchema.default('none'),
  /** Whether the clipboard of whoever watches the screen is shared with the guest. Its owner opens this; a guest needs spice-vdagent for it. */
  clipboard: z.boolean().default(false),
  usb: z.strictObject({ controller: z.boolean(), tablet: z.boolean() }),
  rng: z.boolean(),
  balloon: z.boolean(),
  watchdog: watchdogSchema.optional(),
  vmgenid: z.boolean(),
  tpm: z.boolean(),
  /** What `stop` does when the guest does not end in time. */
  stop: z.strictObject({
    timeoutSeconds: z.int().min(1).max(3600).default(60),
    onTimeout: z.enum(['ask', 'force']).default('ask'),
  }),
})
export type MachineConfig = z.infer<typeof machineConfigSchema>

/** Where a fork comes from. The names are those of the time it was forked. */
export const originSchema = z.strictObject({
  machine: machineIdSchema,
  machineName: z.string(),
  /** Null: forked from the running machine, at no named point. */
  checkpoint: checkpointIdSchema.nullable(),
  checkpointLabel: z.string().nullable(),
})
export type Origin = z.infer<typeof originSchema>

/** How the last process of the machine ended. */
export const lastExitSchema = z.strictObject({
  /** `guest`: the guest ended by itself. `asked`: somebody stopped it. `crashed`: neither. `host-restarted`: the host went down under it. */
  kind: z.enum(['guest', 'asked', 'crashed', 'host-restarted', 'launch-failed']),
  /** One sentence for people. */
  sentence: z.string(),
  exitStatus: z.int().nullable(),
  signal: z.string().nullable(),
  /** The last lines QEMU wrote. */
  qemuTail: z.string(),
  /** The last lines the guest wrote on its serial port. */
  serialTail: z.string(),
  at: z.iso.datetime(),
})
export type LastExit = z.infer<typeof lastExitSchema>

export const agentStateSchema = z.enum([
  /** The machine is off. */
  'off',
  /** Nobody answered yet. */
  'silent',
  'answering',
])

/** How far a guest's boot is, in the order of a boot. `ready`: it asks who logs in, says that it is up, or its agent answers. */
export const bootPhaseSchema = z.enum(['firmware', 'loader', 'kernel', 'userspace', 'ready'])
export type BootPhase = z.infer<typeof bootPhaseSchema>

/** A boot that was seen from its beginning until its guest was up. */
export const seenBootSchema = z.strictObject({
  startedAt: z.iso.datetime(),
  /** Seconds from the start until a phase was first seen; one that was passed unseen is left out. */
  phases: z.strictObject({ firmware: z.number().min(0), loader: z.number().min(0), kernel: z.number().min(0), userspace: z.number().min(0) }).partial(),
  /** Seconds from the start until its guest was up. */
  readySeconds: z.number().min(0),
})
export type SeenBoot = z.infer<typeof seenBootSchema>

/** A real listening address of this machine, as bound now (or to be bound at the next start). */
export const boundForwardSchema = z.strictObject({
  nic: deviceIdSchema,
  protocol: z.enum(['tcp', 'udp']),
  hostAddress: z.string(),
  hostPort: z.int(),
  guestPort: z.int(),
})
export type BoundForward = z.infer<typeof boundForwardSchema>

/** One row of the list. */
export const machineSummarySchema = z.strictObject({
  id: machineIdSchema,
  place: placeSchema,
  name: z.string(),
  state: machineStateSchema,
  pausedBy: pausedBySchema.nullable(),
  /** One sentence when the state needs explaining: why broken, crashed, unknown, paused. */
  stateReason: z.string().nullable(),
  cpus: z.int(),
  memoryMiB: z.int(),
  /** QEMU's process id on its host. */
  pid: z.int().nullable(),
  startedAt: z.iso.datetime().nullable(),
  uptimeSeconds: z.int().nullable(),
  tags: z.array(z.string()),
  /** What somebody wrote about it. */
  notes: z.string(),
  profile: profileSchema.nullable(),
  forwards: z.array(boundForwardSchema),
  agent: agentStateSchema,
  /** Null where it is off, or its guest has told nothing yet. */
  bootPhase: bootPhaseSchema.nullable(),
  /** What is usual for it, by the last boots that were seen whole; null where none was. */
  usualBootSeconds: z.number().nullable(),
  /** How often its guest restarted by itself within the last minute. One that does so again and again does not come up. */
  restartsInMinute: z.int(),
  /** How many settings wait for the next start. */
  pendingChanges: z.int(),
  createdAt: z.iso.datetime().nullable(),
  /** `template`: it is only forked, never started. */
  role: z.enum(['machine', 'template']),
  /** Set for a fork. */
  origin: originSchema.nullable(),
  /** Deletes itself when it stops. */
  throwaway: z.boolean(),
  /** When it deletes itself at the latest, whatever it does then. */
  expiresAt: z.iso.datetime().nullable(),
  /** How many checkpoints it has. */
  checkpoints: z.int(),
})
export type MachineSummary = z.infer<typeof machineSummarySchema>

export const pendingChangeSchema = z.strictObject({
  /** Path in the configuration: `cpus`, `disks.disk0.cache`. */
  field: z.string(),
  /** As the guest sees it now. */
  now: z.string(),
  /** As it will be after the next start. */
  next: z.string(),
  /** The same as numbers, where both are amounts: CPUs, MiB. */
  amounts: z.strictObject({ now: z.number(), next: z.number() }).nullable(),
})
export type PendingChange = z.infer<typeof pendingChangeSchema>

export const diskUsageSchema = z.strictObject({
  id: deviceIdSchema,
  /** Bytes the guest sees. */
  virtualBytes: z.int(),
  /** Bytes really allocated on the host, all layers. */
  allocatedBytes: z.int(),
  /** Of these, bytes in layers that other machines or images share. */
  sharedBytes: z.int(),
  layers: z.int(),
})

/** What the guest saw at its first start and must see again. */
export const hardwareSummarySchema = z.strictObject({
  machineType: z.string(),
  cpuModel: z.string(),
  uuid: z.uuid(),
  macs: z.record(deviceIdSchema, macAddressSchema),
})

/** Everything about one machine. */
export const machineDetailsSchema = machineSummarySchema.extend({
  /** Null where the machine is broken. */
  config: machineConfigSchema.nullable(),
  /** Null before the first start. */
  hardware: hardwareSummarySchema.nullable(),
  pending: z.array(pendingChangeSchema),
  disks: z.array(diskUsageSchema),
  /** The last boots that were seen whole, oldest first. */
  boots: z.array(seenBootSchema),
  /** Null while it runs for the first time or never ran. */
  lastExit: lastExitSchema.nullable(),
  /** Present while a process runs. */
  process: z
    .strictObject({
      accelerator: acceleratorSchema,
      qemuVersion: z.string(),
      /** Bytes resident, as the host counts them. */
      residentBytes: z.int().nullable(),
      /** Bytes it truly costs: what it shares with forks counted in part. Null where the host does not tell. */
      proportionalBytes: z.int().nullable(),
    })
    .nullable(),
  /** The machine's folder, for people; clients must not open it. */
  folder: z.string(),
})
export type MachineDetails = z.infer<typeof machineDetailsSchema>
