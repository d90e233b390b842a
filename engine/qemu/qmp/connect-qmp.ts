/**
 * Opens a monitor: connects, waits for the greeting, negotiates. A monitor greets one client
 * at a time, so silence is an outcome of its own and never taken for death.
 */
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { MayflyError, isMayflyError } from '../../../contract/errors.ts'
import { QmpClient } from './qmp-client.ts'
import type { QmpCloseReason } from './qmp-client.ts'
import { QmpConversation } from './qmp-conversation.ts'
import { observeHolder } from './monitor-holder.ts'

export interface ConnectQmpOptions {
  readonly signal?: AbortSignal
  /** For everything until the client is ready. Default 5 s. */
  readonly timeoutMs?: number
  /** Whether a missing socket is waited for: right after QEMU was started. Default false. */
  readonly waitForSocket?: boolean
  /** Where the conversation is kept; a machine's outlives its connections. */
  readonly conversation?: QmpConversation
}

const retryMs = 5
const holderCheckMs = 100

/**
 * Connects to the monitor on the unix socket at `path`. The client that comes back has
 * negotiated and takes commands.
 *
 * @throws MayflyError 'not-found' when nobody listens there, 'in-use' when another client
 * holds the monitor, 'timeout' when QEMU accepts nobody or does not answer (it hangs),
 * 'cancelled', and 'qmp-failed' or 'qmp-interrupted' when the peer does not speak QMP.
 */
export async function connectQmp(path: string, options: ConnectQmpOptions = {}): Promise<QmpClient> {
  const { signal, timeoutMs = 5_000, waitForSocket = false, conversation = new QmpConversation() } = options
  return await withDeadline(`QEMU's monitor ${path}`, timeoutMs, signal, async (either) => {
    const socket = await openSocket(path, either, waitForSocket)
    const settled = new AbortController()
    try {
      return await negotiate(path, socket, conversation, either, heldByAnother(path, AbortSignal.any([either, settled.signal])))
    } finally {
      settled.abort()
    }
  })
}

/** Runs `attempt` with a signal that also fires at the deadline, and says which of the two ended it. */
async function withDeadline<T>(what: string, timeoutMs: number, signal: AbortSignal | undefined, attempt: (either: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), timeoutMs)
  try {
    return await attempt(signal === undefined ? deadline.signal : AbortSignal.any([signal, deadline.signal]))
  } catch (error) {
    if (signal?.aborted === true) throw new MayflyError('cancelled', `Connecting to ${what} was cancelled.`, {}, { cause: error })
    if (!deadline.signal.aborted || isMayflyError(error, 'in-use')) throw error
    throw new MayflyError('timeout', `${what} did not answer within ${timeoutMs} ms.`, { waitedMs: timeoutMs }, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

async function openSocket(path: string, signal: AbortSignal, waitForSocket: boolean): Promise<Socket> {
  for (;;) {
    const outcome = await tryOpen(path, signal)
    if (!(outcome instanceof Error)) return outcome
    const absent = isSystemError(outcome) && (outcome.code === 'ENOENT' || outcome.code === 'ECONNREFUSED')
    if (!absent || !waitForSocket || signal.aborted) {
      throw new MayflyError('not-found', `No QEMU listens on the monitor ${path}.`, { kind: 'monitor', ref: path }, { cause: outcome })
    }
    await pause(retryMs, signal)
  }
}

function tryOpen(path: string, signal: AbortSignal): Promise<Socket | Error> {
  return new Promise((resolve) => {
    const socket = connect({ path })
    const abort = (): void => finish(new Error('Aborted.'))
    const finish = (outcome: Socket | Error): void => {
      signal.removeEventListener('abort', abort)
      socket.off('error', finish)
      if (outcome instanceof Error) socket.destroy()
      resolve(outcome)
    }
    socket.once('connect', () => finish(socket))
    socket.on('error', finish)
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
  })
}

/**
 * Negotiates over a stream that already leads to a monitor, as a child's pipes do.
 *
 * @throws MayflyError as `connectQmp`, without 'not-found' and 'in-use'.
 */
export async function negotiateQmp(stream: Duplex, { signal, timeoutMs = 5_000, conversation = new QmpConversation() }: Omit<ConnectQmpOptions, 'waitForSocket'> = {}): Promise<QmpClient> {
  return await withDeadline('QEMU', timeoutMs, signal, (either) => negotiate('QEMU', stream, conversation, either))
}

async function negotiate(peer: string, stream: Duplex, conversation: QmpConversation, signal: AbortSignal, ...obstacles: readonly Promise<never>[]): Promise<QmpClient> {
  const client = new QmpClient(stream, conversation)
  try {
    await Promise.race([client.greeted, refused(peer, client.closed), rejectOnAbort(signal), ...obstacles])
    await client.execute('qmp_capabilities', undefined, { timeoutMs: null, signal })
    return client
  } catch (error) {
    client.close()
    throw error
  }
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const abort = (): void => reject(new Error('Aborted.'))
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
  })
}

async function refused(peer: string, closed: Promise<QmpCloseReason>): Promise<never> {
  const reason = await closed
  if (reason.kind !== 'garbage') {
    throw new MayflyError('qmp-interrupted', `The monitor (${peer}) closed before its greeting.`, { command: 'qmp_capabilities' })
  }
  throw new MayflyError('qmp-failed', `What answers at ${peer} is not a QEMU monitor. ${reason.description}`, {
    command: 'qmp_capabilities',
    qmpClass: 'GenericError',
    description: reason.description,
  })
}

/** Rejects once two looks in a row find that somebody else is connected and we are queueing, or on abort. */
async function heldByAnother(path: string, signal: AbortSignal): Promise<never> {
  let sightings = 0
  while (!signal.aborted) {
    await pause(holderCheckMs, signal)
    sightings = (await observeHolder(path)) === 'another-client' ? sightings + 1 : 0
    if (sightings >= 2) break
  }
  if (sightings < 2) throw new Error('Aborted.')
  throw new MayflyError('in-use', `Another program drives the monitor ${path}.`, { by: ['another QMP client'] })
}

/** Resolves after `ms`, or at once on abort. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const timer = setTimeout(finish, ms)
    signal.addEventListener('abort', finish)
    if (signal.aborted) finish()
  })
}

function isSystemError(error: Error): error is NodeJS.ErrnoException {
  return 'code' in error
}
