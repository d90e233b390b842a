/**
 * `mayfly exec`: a command in the guest as if it ran here. Its streams, its exit status and the
 * signals sent to us pass through; nothing is read ahead of what the other side can take.
 */
import { constants } from 'node:os'
import { type CommandContext, type Io, printJson, tell } from '../io.ts'
import type { Call } from '../command-line.ts'
import { usageError } from '../failure.ts'
import { ExecSession } from '../exec-session.ts'
import { takeTerminal } from '../raw-terminal.ts'
import { terminalSize } from '../style.ts'

/** guest.run takes stdin whole, 4 MiB in base64. */
const maxStdinBytes = 3 * 1024 * 1024

/** What `exec` cannot do, said before anything is called. */
export function checkExecCall({ options, globals }: Call, io: Io): void {
  if (options['tty'] !== true) {
    if (options['timeout'] !== undefined && !globals.json) throw usageError('--timeout', '--timeout goes with --json; without it, the command may take as long as it takes.')
    return
  }
  if (globals.json) throw usageError('--tty', '--tty and --json do not go together.')
  if (io.stdin.isTTY !== true || io.stdout.isTTY !== true) throw usageError('--tty', '--tty needs a terminal, and here is none.')
}

/** The command's exit status; 128 and the signal's number where a signal ended it. */
export async function execCommand(context: CommandContext): Promise<number> {
  return context.call.globals.json ? await runWhole(context) : await runAttached(context)
}

/** As a shell counts. */
export function statusOf(outcome: { readonly exitStatus: number | null; readonly signal: string | null }): number {
  if (outcome.exitStatus !== null) return outcome.exitStatus & 0xff
  const number = Object.entries(constants.signals).find(([name]) => name === outcome.signal || name === `SIG${outcome.signal ?? ''}`)?.[1]
  return 128 + (number ?? 0)
}

function request({ input }: Call): { machine: string; argv: string[]; env?: Record<string, string>; cwd?: string } {
  return input as ReturnType<typeof request>
}

async function runWhole({ call, io, connection: { client } }: CommandContext): Promise<number> {
  const stdin = io.stdin.isTTY === true ? Buffer.alloc(0) : await readAll(io)
  const timeoutMs = call.options['timeout']
  const output = await client.guest.run({
    ...request(call),
    ...(stdin.length === 0 ? {} : { stdinBase64: stdin.toString('base64') }),
    ...(typeof timeoutMs === 'number' ? { timeoutMs } : {}),
  })
  printJson(io, output)
  return statusOf(output)
}

async function readAll(io: Io): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of io.stdin) {
    const part = Buffer.from(chunk as Buffer)
    bytes += part.length
    if (bytes > maxStdinBytes) throw usageError('stdin', `With --json at most ${maxStdinBytes} bytes of stdin are passed on.`, 'Leave --json away to stream any amount.')
    chunks.push(part)
  }
  return Buffer.concat(chunks)
}

async function runAttached({ call, io, connection }: CommandContext): Promise<number> {
  const tty = call.options['tty'] === true
  const term = io.env['TERM'] ?? ''
  const type = /^[A-Za-z0-9._-]{1,40}$/.test(term) ? term : 'xterm-256color'
  const { ticket, via } = await connection.client.guest.exec({ ...request(call), ...(tty ? { terminal: { ...terminalSize(io.stdout), type } } : {}) })
  if (via === 'agent' && !call.globals.quiet) tell(io, 'Only the plain agent answers in this guest: output comes at the end, and signals are not passed on.')
  const stream = await connection.openStream(ticket)
  const giveBack = tty ? takeTerminal(io) : () => undefined
  try {
    return statusOf(await new ExecSession(stream, io, { tty, readsStdin: via === 'helper' || io.stdin.isTTY !== true }).run())
  } finally {
    giveBack()
    stream.destroy()
  }
}
