/** Runs a program of the guest's for our own purposes: input from a stream of ours, output to a reader of ours, and its last words if it fails. */
import type { Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { MayflyError } from '../../contract/errors.ts'
import type { ExecExit } from '../guest/exec/exec-session.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { startInGuest } from '../machine/guest-commands.ts'

export interface GuestTool {
  readonly argv: readonly string[]
  readonly cwd?: string | undefined
  readonly input?: Readable
  /** Reads its stdout; where it stops early or throws, the program is ended. Default: nobody does. */
  readonly read?: (stdout: AsyncIterable<Buffer>) => Promise<void>
  /** It is ended when it takes longer. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

export interface GuestToolEnd extends ExecExit {
  /** The end of what it wrote on stderr. */
  readonly stderr: string
}

const stderrBytes = 16 * 1024

/** Resolves when it has ended. Throws what `read` threw, `timeout`, `cancelled`, and what starting a program throws. */
export async function runGuestTool(core: MachineCore, tool: GuestTool): Promise<GuestToolEnd> {
  const late = AbortSignal.timeout(tool.timeoutMs)
  const signal = AbortSignal.any([tool.signal, late])
  const { session } = await startInGuest(core, { machine: core.id, argv: [...tool.argv], env: {}, ...(tool.cwd === undefined ? {} : { cwd: tool.cwd }) }, signal)
  let stderr: Buffer = Buffer.alloc(0)
  session.stderr.on('data', (chunk: Buffer) => {
    stderr = Buffer.concat([stderr, chunk]).subarray(-stderrBytes)
  })
  // A program that takes no more closes its input: its own words tell why.
  if (tool.input === undefined) session.stdin.end()
  else pipeline(tool.input, session.stdin).catch(() => undefined)
  const aborted = new Promise<never>((_resolve, reject) => {
    const abort = (): void => reject(late.aborted ? new MayflyError('timeout', `${tool.argv[0] ?? ''} in the guest did not end in time.`, { waitedMs: tool.timeoutMs }) : new MayflyError('cancelled', 'It was cancelled.', {}))
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
  })
  aborted.catch(() => undefined)
  const read = tool.read === undefined ? drained(session.stdout) : tool.read(session.stdout as AsyncIterable<Buffer>)
  try {
    await Promise.race([read, aborted])
    // What a reader left unread must not keep the program from ending.
    session.stdout.destroy()
    const exit = await Promise.race([session.exited, aborted])
    await Promise.race([finished(session.stderr, { writable: false }).catch(() => undefined), aborted])
    return { ...exit, stderr: stderr.toString('utf8') }
  } catch (error) {
    session.signal('SIGKILL')
    for (const stream of [session.stdin, session.stdout, session.stderr]) stream.destroy()
    throw error
  }
}

function drained(stream: Readable): Promise<void> {
  return finished(stream.resume(), { writable: false }).catch(() => undefined)
}
