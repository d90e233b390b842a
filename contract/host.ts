/** What the host can do, measured rather than believed, and what the doctor found. */
import { z } from 'zod'
import { acceleratorSchema } from './accelerator.ts'

export const acceleratorInfoSchema = z.strictObject({
  name: acceleratorSchema,
  /** Compiled into QEMU, permitted, and able to run a guest. */
  usable: z.boolean(),
  /** Iterations of a fixed guest loop each second; null where it could not be measured. */
  loopsPerSecond: z.number().nullable(),
  /** One sentence: why it is not usable, or what was measured. */
  reason: z.string(),
  /** What to do about it; null where nothing is wrong. */
  remedy: z.string().nullable(),
})
export type AcceleratorInfo = z.infer<typeof acceleratorInfoSchema>

export const qemuInfoSchema = z.strictObject({
  binary: z.string(),
  version: z.string(),
  /** The newest versioned machine type, which a new machine would get. */
  defaultMachineType: z.string(),
  machineTypes: z.array(z.string()),
  cpuModels: z.array(z.string()),
})

export const hostInfoSchema = z.strictObject({
  mayflyVersion: z.string(),
  os: z.string(),
  kernel: z.string(),
  cpuModel: z.string(),
  /** Logical CPUs of the host. */
  cpus: z.int(),
  memoryBytes: z.int(),
  memoryAvailableBytes: z.int(),
  /** Promised to machines that run now. */
  memoryPromisedBytes: z.int(),
  cpusPromised: z.int(),
  /** Null where QEMU is missing; the doctor says what to do. */
  qemu: qemuInfoSchema.nullable(),
  accelerators: z.array(acceleratorInfoSchema),
  /** The accelerator a machine set to `auto` gets; null where none is usable. */
  accelerator: acceleratorSchema.nullable(),
  firmware: z.strictObject({ uefi: z.boolean(), secureBoot: z.boolean() }),
  tpm: z.boolean(),
  /** Whether a guest's sound card can be heard here. Every guest may have one all the same. */
  sound: z.strictObject({
    audible: z.boolean(),
    /** Where the sound goes: pa (PipeWire or PulseAudio), alsa; null where nowhere. */
    backend: z.string().nullable(),
    /** One sentence: what was found. */
    reason: z.string(),
    /** What to do about it; null where nothing is wrong. */
    remedy: z.string().nullable(),
  }),
  folders: z.strictObject({
    data: z.string(),
    runtime: z.string(),
    cache: z.string(),
    config: z.string(),
    /** Bytes free where machines are kept. */
    dataFreeBytes: z.int(),
    dataTotalBytes: z.int(),
  }),
  limits: z.strictObject({
    /** The most CPUs one machine can have here. */
    maxCpus: z.int(),
    /** The most memory one machine can have here. */
    maxMemoryMiB: z.int(),
  }),
})
export type HostInfo = z.infer<typeof hostInfoSchema>

export const remedySchema = z.strictObject({
  text: z.string(),
  /** A shell command that does it, if one does. */
  command: z.string().nullable(),
  needsRoot: z.boolean(),
})

export const diagnosticResultSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  status: z.enum(['ok', 'warning', 'problem', 'unknown']),
  /** What was found, in one sentence. */
  found: z.string(),
  /** What was looked at or tried. */
  tried: z.string(),
  /** What suffers from it. Empty where nothing does. */
  concerns: z.string(),
  remedies: z.array(remedySchema),
})
export type DiagnosticResult = z.infer<typeof diagnosticResultSchema>

export const doctorReportSchema = z.strictObject({
  /** Worst first. */
  results: z.array(diagnosticResultSchema),
  /** The worst status among them. */
  worst: z.enum(['ok', 'warning', 'problem', 'unknown']),
})
export type DoctorReport = z.infer<typeof doctorReportSchema>

export const engineInfoSchema = z.strictObject({
  version: z.string(),
  /** Changes whenever the contract does; a client of another contract restarts the engine. */
  contract: z.string(),
  pid: z.int(),
  startedAt: z.iso.datetime(),
  /** Who holds the engine: `cli` detached, `serve`, `window`, `test`. */
  holder: z.string(),
  residentBytes: z.int(),
  /** Why the engine stays although nobody is connected. Empty: it ends ten minutes after the last call. */
  obligations: z.array(z.string()),
})
export type EngineInfo = z.infer<typeof engineInfoSchema>
