/** Runs a command in a guest to its end and collects what it wrote, within bounds of size and time. */
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { MayflyError } from '../../contract/errors.ts'
import type { ExecSession } from './exec/exec-session.ts'

export interface CollectOptions {
  readonly stdin?: Uint8Array | undefined
  /** The command is killed when it takes longer. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Of each output; what comes after it is dropped. Default: 4 MiB. */
  readonly mostBytes?: number
}

export interface CollectedRun {
  readonly exitStatus: number | null
  readonly signal: string | null
  /** What is not UTF-8 is replaced. */
  readonly stdout: string
  readonly stderr: string
  readonly truncated: boolean
}

/**
 * Takes a session over until its command has ended. Throws `timeout` or `cancelled` after
 * killing the command, and whatever the session throws.
 */
export async function collectRun(session: ExecSession, options: CollectOptions): Promise<CollectedRun> {
  const mostBytes = options.mostBytes ?? 4 * 1024 * 1024
  const stdout = collect(session.stdout, mostBytes)
  const stderr = collect(session.stderr, mostBytes)
  session.stdin.end(options.stdin ?? new Uint8Array())
  const exit = await endWithin(session, options)
  await Promise.all([stdout.done, stderr.done])
  // The plain agent leaves output out by itself.
  const leftOut = 'isTruncated' in session && session.isTruncated === true
  return { ...exit, stdout: stdout.text(), stderr: stderr.text(), truncated: leftOut || stdout.isCut() || stderr.isCut() }
}

function collect(stream: Readable, mostBytes: number): { done: Promise<void>; text: () => string; isCut: () => boolean } {
  const pieces: Buffer[] = []
  let size = 0
  let isCut = false
  stream.on('data', (chunk: Buffer) => {
    const room = mostBytes - size
    isCut ||= chunk.length > room
    if (room <= 0) return
    pieces.push(chunk.subarray(0, room))
    size += Math.min(room, chunk.length)
  })
  // A stream that breaks is the session's end, which `exited` tells.
  const done = finished(stream, { writable: false }).catch(() => undefined)
  return { done, text: () => Buffer.concat(pieces).toString('utf8'), isCut: () => isCut }
}

async function endWithin(session: ExecSession, { timeoutMs, signal }: CollectOptions): Promise<{ exitStatus: number | null; signal: string | null }> {
  let giveUp: (error: MayflyError) => void = () => undefined
  const givenUp = new Promise<never>((_resolve, reject) => {
    giveUp = reject
  })
  const timer = setTimeout(() => giveUp(new MayflyError('timeout', `The command did not end within ${timeoutMs / 1000} s and was killed.`, { waitedMs: timeoutMs })), timeoutMs)
  const onAbort = (): void => giveUp(new MayflyError('cancelled', 'The command was cancelled and killed.', {}))
  signal?.addEventListener('abort', onAbort, { once: true })
  if (signal?.aborted === true) onAbort()
  try {
    return await Promise.race([session.exited, givenUp])
  } catch (error) {
    session.signal('SIGKILL')
    session.stdout.destroy()
    session.stderr.destroy()
    throw error
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}
