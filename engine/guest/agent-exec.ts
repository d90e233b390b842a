/**
 * Commands through the plain guest agent, for guests without our helper, in the shape of the
 * helper's sessions. The agent has limits that no client can lift: input is given before the
 * start, output comes after the end and at most 16 MiB of it, and there is no terminal.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Readable, Writable } from 'node:stream'
import { z } from 'zod'
import { MayflyError, isMayflyError } from '../../contract/errors.ts'
import type { AgentCaller } from './agent-link.ts'
import type { ExecExit, ExecSession } from './exec/exec-session.ts'
import { type LinuxSignal, linuxSignalName } from './exec/linux-signals.ts'
import { printable } from './printable.ts'

export interface AgentExecRequest {
  readonly argv: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string | undefined
}

interface AgentExecResult extends ExecExit {
  readonly stdout: Buffer
  readonly stderr: Buffer
  /** Whether the agent left output out. */
  readonly isTruncated: boolean
}

/** Both outputs at the agent's limit of 16 MiB, as base64, and the JSON around them. */
const mostStatusBytes = 48 * 1024 * 1024
const mostInputBytes = 4 * 1024 * 1024
const firstPollMs = 10
const longestPollMs = 500

const startedSchema = z.object({ pid: z.int() })
const statusSchema = z.object({
  exited: z.boolean(),
  exitcode: z.int().optional(),
  signal: z.int().optional(),
  'out-data': z.base64().optional(),
  'err-data': z.base64().optional(),
  'out-truncated': z.boolean().optional(),
  'err-truncated': z.boolean().optional(),
})

/** The agent replaces the whole environment and knows no folder; `env` and a shell in the guest do better. */
function commandLine({ argv, env = {}, cwd }: AgentExecRequest): string[] {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const command = variables.length === 0 ? [...argv] : ['env', ...variables, ...argv]
  return cwd === undefined ? command : ['sh', '-c', 'cd -- "$1" || exit 126; shift; exec "$@"', 'sh', cwd, ...command]
}

/** Starts a command; answers with its process id. Throws `not-found` where the guest could not start it. */
async function startCommand(agent: AgentCaller, request: AgentExecRequest, input: Buffer): Promise<number> {
  const [path, ...arg] = commandLine(request)
  try {
    const inputData = input.length === 0 ? {} : { 'input-data': input.toString('base64') }
    const parsed = startedSchema.safeParse(await agent.call('guest-exec', { path, arg, 'capture-output': true, ...inputData }, { timeoutMs: 30_000 }))
    if (!parsed.success) throw notAnAnswer('guest-exec')
    return parsed.data.pid
  } catch (error) {
    if (!isMayflyError(error, 'qmp-failed')) throw error
    const program = printable(request.argv[0] ?? '', 200)
    throw new MayflyError('not-found', `The guest could not start ${program}: ${error.details.description}`, { kind: 'program', ref: program }, { cause: error })
  }
}

async function waitForEnd(agent: AgentCaller, pid: number): Promise<AgentExecResult> {
  let pollMs = firstPollMs
  for (;;) {
    const parsed = statusSchema.safeParse(await agent.call('guest-exec-status', { pid }, { mostBytes: mostStatusBytes, timeoutMs: 30_000 }))
    if (!parsed.success) throw notAnAnswer('guest-exec-status')
    const status = parsed.data
    if (status.exited) {
      return {
        exitStatus: status.exitcode ?? null,
        signal: status.signal === undefined ? null : linuxSignalName(status.signal),
        stdout: Buffer.from(status['out-data'] ?? '', 'base64'),
        stderr: Buffer.from(status['err-data'] ?? '', 'base64'),
        isTruncated: status['out-truncated'] === true || status['err-truncated'] === true,
      }
    }
    await delay(pollMs)
    pollMs = Math.min(longestPollMs, pollMs * 1.5)
  }
}

/** Sends a signal to a process of the guest. The agent has no command for it; a program of the guest does it. */
async function signalProcess(agent: AgentCaller, pid: number, name: LinuxSignal): Promise<void> {
  await agent.call('guest-exec', { path: 'kill', arg: ['-s', name.slice('SIG'.length), String(pid)] })
}

/** A command that begins when its stdin has ended. */
export class AgentExecSession implements ExecSession {
  /** Not known before the start; the agent's clients have no use for it. */
  readonly pid = 0
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  readonly exited: Promise<ExecExit>
  readonly #agent: AgentCaller
  readonly #abort = new AbortController()
  #guestPid: number | null = null
  #isTruncated = false

  constructor(agent: AgentCaller, request: AgentExecRequest) {
    this.#agent = agent
    this.stdout = new Readable({ read: () => undefined })
    this.stderr = new Readable({ read: () => undefined })
    const input: Buffer[] = []
    let inputBytes = 0
    let begin: (result: Promise<ExecExit>) => void = () => undefined
    this.exited = new Promise((resolve) => {
      begin = resolve
    })
    this.exited.catch(() => undefined)
    this.stdin = new Writable({
      write: (chunk: Buffer, _encoding, callback) => {
        inputBytes += chunk.length
        if (inputBytes > mostInputBytes) {
          callback(new MayflyError('unsupported', 'The plain guest agent takes at most 4 MiB of input.', { needs: 'at most 4 MiB', have: 'more' }))
          return
        }
        input.push(chunk)
        callback()
      },
      final: (callback) => {
        begin(this.#run(request, Buffer.concat(input)))
        callback()
      },
      destroy: (error, callback) => {
        if (!this.stdin.writableFinished) begin(this.#giveUp(error))
        callback(null)
      },
    })
    for (const stream of [this.stdin, this.stdout, this.stderr]) stream.on('error', () => undefined)
  }

  /** Whether the agent left output out. */
  get isTruncated(): boolean {
    return this.#isTruncated
  }

  /** Asks a program of the guest to send it; before the start it ends the session. */
  signal(name: LinuxSignal): void {
    const pid = this.#guestPid
    if (pid === null) this.#abort.abort()
    else signalProcess(this.#agent, pid, name).catch(() => undefined)
  }

  /** There is no terminal. */
  resize(): void {}

  async #run(request: AgentExecRequest, input: Buffer): Promise<ExecExit> {
    try {
      if (this.#abort.signal.aborted) throw new MayflyError('cancelled', 'The command was cancelled before it began.', {})
      this.#guestPid = await startCommand(this.#agent, request, input)
      if (this.#abort.signal.aborted) this.signal('SIGKILL')
      const result = await waitForEnd(this.#agent, this.#guestPid)
      this.#isTruncated = result.isTruncated
      this.stdout.push(result.stdout)
      this.stderr.push(result.stderr)
      return { exitStatus: result.exitStatus, signal: result.signal }
    } finally {
      this.#guestPid = null
      this.stdout.push(null)
      this.stderr.push(null)
    }
  }

  #giveUp(error: Error | null): Promise<never> {
    this.stdout.push(null)
    this.stderr.push(null)
    return Promise.reject(error ?? new MayflyError('cancelled', 'The command was cancelled before it began.', {}))
  }
}

function notAnAnswer(command: string): MayflyError {
  return new MayflyError('qmp-interrupted', `What the guest agent answered to ${command} is not an answer to it.`, { command })
}
