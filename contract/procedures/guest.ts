import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { machineRefSchema } from '../ids.ts'
import { procedure } from '../procedure.ts'
import { streamTicketSchema } from '../stream.ts'

const machine = machineRefSchema.describe('Name, id, or beginning of an id.')

const commandFields = {
  machine,
  /** The program and its arguments; no shell is involved. */
  argv: z.array(z.string().max(131_072)).min(1).max(4096).describe('The program and its arguments.'),
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string().max(131_072)).default({}).describe('Added to its environment.'),
  cwd: z.string().min(1).max(4096).optional().describe('Folder to run it in.'),
}

export const execRequestSchema = z.strictObject({
  ...commandFields,
  /** Present: the command gets a terminal of this size. */
  terminal: z.strictObject({ columns: z.int().min(1).max(1000), rows: z.int().min(1).max(1000), type: z.string().regex(/^[A-Za-z0-9._-]{1,40}$/).default('xterm-256color') }).optional(),
})
export type ExecRequest = z.infer<typeof execRequestSchema>

export const guest = {
  info: procedure({ summary: 'Asks the guest agent who it is: OS, host name, addresses.', access: 'read', states: ['running'], cli: { command: 'guest info', positionals: ['machine'] } }, ['not-found', 'conflict', 'unsupported', 'timeout'])
    .input(z.strictObject({ machine }))
    .output(z.strictObject({
      agentVersion: z.string().nullable(),
      hostName: z.string().nullable(),
      os: z.string().nullable(),
      kernel: z.string().nullable(),
      addresses: z.array(z.strictObject({ interface: z.string(), address: z.string(), family: z.enum(['ipv4', 'ipv6']) })),
    })),
  exec: procedure({ summary: 'Runs a command in the guest with its streams attached.', access: 'write', states: ['running'], cli: { command: 'exec', positionals: ['machine', 'argv…'], interactive: true, examples: ['mayfly exec web -- uname -a'] } }, ['not-found', 'conflict', 'unsupported', 'timeout'])
    .input(execRequestSchema)
    .output(streamTicketSchema.extend({
      /** `helper`: streams, stdin and signals. `agent`: output comes at the end, stdin only beforehand, no signals. */
      via: z.enum(['helper', 'agent']),
    })),
  run: procedure({ summary: 'Runs a command in the guest and answers with all it wrote, at most 4 MiB.', access: 'write', states: ['running'] }, ['not-found', 'conflict', 'unsupported', 'timeout'])
    .input(z.strictObject({ ...commandFields, stdinBase64: z.base64().max(4 * 1024 * 1024).optional(), timeoutMs: z.int().min(1).max(86_400_000).default(60_000) }))
    .output(z.strictObject({
      exitStatus: z.int().nullable(),
      signal: z.string().nullable(),
      stdout: z.string(),
      stderr: z.string(),
      /** Whether output was cut at 4 MiB. */
      truncated: z.boolean(),
    })),
}

export const console = {
  open: procedure({ summary: 'Opens a console of a running machine as a byte stream.', access: 'write', states: ['running', 'paused', 'starting', 'stopping', 'saving', 'restoring'], cli: { command: 'console', positionals: ['machine'], interactive: true } }, ['not-found', 'conflict', 'unsupported'])
    .input(z.strictObject({
      machine,
      kind: z.enum(['serial', 'screen']).default('serial'),
      /** Bytes of serial history sent first. */
      replayBytes: z.int().min(0).max(1024 * 1024).default(16_384),
    }))
    .output(streamTicketSchema),
  viewers: procedure({ summary: 'Tells how many look at the serial port, now and whenever it changes, until the machine is off.', access: 'read' }, ['not-found', 'conflict'])
    .input(z.strictObject({ machine }))
    .output(eventIterator(z.strictObject({ serial: z.int() }))),
}
