import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { machineRefSchema, runIdSchema } from '../ids.ts'
import { cpuCountSchema, memoryMiBSchema } from '../machine.ts'
import { procedure } from '../procedure.ts'
import { copiedFileSchema, matrixSchema, runSchema } from '../run.ts'
import { streamTicketSchema } from '../stream.ts'

const run = runIdSchema.describe('The run.')
const cell = z.int().min(0).default(0).describe('Which of its cells.')

/** One throwaway run. Paths are the guest's; files travel as streams, so the engine need not see the caller's disk. */
export const runRequestSchema = z.strictObject({
  template: machineRefSchema.describe('The template to fork.'),
  argv: z.array(z.string().max(131_072)).min(1).max(4096).describe('The program and its arguments.'),
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string().max(131_072)).default({}).describe('Added to its environment.'),
  cwd: z.string().min(1).max(4096).optional().describe('Folder in the guest to run it in.'),
  cpus: cpuCountSchema.optional().describe('More CPUs, hot-plugged within the template\'s ceiling.'),
  memoryMiB: memoryMiBSchema.optional().describe('More memory, hot-plugged within the template\'s ceiling.'),
  copyOut: z.array(z.string().min(1).max(4096)).max(64).default([]).describe('Files or folders in the guest to keep.'),
  matrix: matrixSchema.default({}).describe('Runs the command once for each combination of values.'),
  count: z.int().min(1).max(1000).default(1).describe('Runs each combination this many times.'),
  parallel: z.int().min(1).max(64).optional().describe('How many at once; default: as many as there are CPUs.'),
  timeoutSeconds: z.int().min(1).max(604_800).optional().describe('How long the command may take.'),
  keepOnFailure: z.boolean().default(false).describe('Keep the machine of a failed command for an hour.'),
})
export type RunRequest = z.infer<typeof runRequestSchema>

export const runProcedures = {
  start: procedure({ summary: 'Runs a command in throwaway forks of a template.', access: 'write', cli: { command: 'run', positionals: ['template', 'argv…'], interactive: true, fields: { memoryMiB: { flag: 'memory', unit: 'size-mib' }, timeoutSeconds: { flag: 'timeout', unit: 'duration-s' }, matrix: { value: 'KEY=A,B,...' } }, examples: ['mayfly run tiny -- uname -a', 'mayfly run tests --matrix postgres=16,17 --evidence out -- make test'] } }, ['not-found', 'conflict', 'unsupported', 'no-space', 'host-unavailable'])
    .input(runRequestSchema.extend({
      /** A tar archive to be unpacked at the guest's root before each command, as `run.upload` was given it. */
      upload: z.string().optional(),
      /** Instead: the archive that an earlier run was given, which is kept with its evidence. */
      inputOf: runIdSchema.optional(),
      /**
       * The run belongs to the caller: a stream comes with the answer, and when it breaks the run ends and its machines are deleted.
       * Of a run with one cell it is the command's own: output, input and signals. Of one with several it tells each cell's output
       * in frames that `cell` frames introduce; their commands' input is empty.
       */
      attached: z.boolean().default(false),
    }))
    .output(z.strictObject({
      run: runSchema,
      /** Null unless attached. */
      stream: streamTicketSchema.nullable(),
    })),
  upload: procedure({ summary: 'Takes a tar archive of files for a run, as a byte stream, which ends from this side when all of it has been kept.', access: 'write' }, ['no-space'])
    .input(z.strictObject({ bytes: z.int().min(0).max(1024 ** 4) }))
    .output(streamTicketSchema.extend({ upload: z.string() })),
  attach: procedure({ summary: 'Attaches to a cell\'s command: its output from the beginning, and signals to it. The run does not depend on it.', access: 'write' }, ['not-found', 'conflict'])
    .input(z.strictObject({ run, cell }))
    .output(streamTicketSchema),
  list: procedure({ summary: 'Lists runs, the newest first.', access: 'read', cli: { command: 'runs' } })
    .input(z.strictObject({ limit: z.int().min(1).max(500).default(50) }))
    .output(z.array(runSchema)),
  show: procedure({ summary: 'Shows a run with all its cells.', access: 'read' }, ['not-found']).input(z.strictObject({ run })).output(runSchema),
  followOutput: procedure({ summary: 'What a cell\'s command wrote, then what it goes on to write.', access: 'read' }, ['not-found'])
    .input(z.strictObject({ run, cell, tailBytes: z.int().min(0).max(4 * 1024 * 1024).default(262_144) }))
    .output(eventIterator(z.strictObject({ stream: z.enum(['stdout', 'stderr']), text: z.string(), skippedBytes: z.int() }))),
  serial: procedure({ summary: 'The end of a cell\'s serial log.', access: 'read' }, ['not-found'])
    .input(z.strictObject({ run, cell, tailBytes: z.int().min(1).max(4 * 1024 * 1024).default(65_536) }))
    .output(z.strictObject({ text: z.string(), truncated: z.boolean() })),
  screenshot: procedure({ summary: 'A cell\'s screen: now, or as it was last.', access: 'read' }, ['not-found', 'conflict', 'unsupported'])
    .input(z.strictObject({ run, cell }))
    .output(z.strictObject({ mediaType: z.literal('image/png'), base64: z.base64() })),
  evidence: procedure({ summary: 'All evidence of a run as a tar archive: a folder for each cell, and junit.xml.', access: 'read' }, ['not-found', 'conflict'])
    .input(z.strictObject({ run }))
    .output(streamTicketSchema),
  files: procedure({ summary: 'Lists the files that were copied out of a cell\'s guest.', access: 'read' }, ['not-found'])
    .input(z.strictObject({ run, cell, limit: z.int().min(1).max(10_000).default(1000) }))
    .output(z.strictObject({
      files: z.array(copiedFileSchema),
      /** Of all of them, also those beyond `limit`. */
      count: z.int().min(0),
      bytes: z.int().min(0),
    })),
  file: procedure({ summary: 'One file that was copied out of a cell\'s guest, as a byte stream.', access: 'read' }, ['not-found'])
    .input(z.strictObject({ run, cell, file: z.int().min(0).describe('Its index in the list.') }))
    .output(streamTicketSchema.extend({ path: z.string(), bytes: z.int().min(0) })),
  cancel: procedure({ summary: 'Ends a run, or one cell of it, and deletes its machines.', access: 'write' }, ['not-found'])
    .input(z.strictObject({ run, cell: z.int().min(0).optional() }))
    .output(runSchema),
  keep: procedure({ summary: 'Keeps a cell\'s machine: it becomes an ordinary machine.', access: 'write' }, ['not-found', 'conflict'])
    .input(z.strictObject({ run, cell }))
    .output(runSchema),
  remove: procedure({ summary: 'Removes a run and its evidence.', access: 'destroy' }, ['not-found', 'conflict'])
    .input(z.strictObject({ run }))
    .output(z.strictObject({ id: runIdSchema })),
}
