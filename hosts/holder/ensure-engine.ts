/**
 * The way to the engine for whoever wants to be its client: joins the one that runs, starts a
 * detached one where there is none, replaces one of another version, and takes over from one
 * that is alive but frozen, if it may. Machines run on through all of it.
 */
import { contractHash } from '../../contract/contract-hash.generated.ts'
import { isMayflyError, MayflyError } from '../../contract/errors.ts'
import { identifyProcess } from '../../engine/qemu/process/process-identity.ts'
import type { Folders } from '../../engine/storage/folders.ts'
import { engineLock, engineLog, engineSocket } from '../../engine/storage/names.ts'
import { connectEngine } from '../socket/client.ts'
import type { SocketConnection } from '../socket/client.ts'
import { isOutdated } from '../socket/program-stamp.ts'
import type { Hello } from '../socket/protocol.ts'
import { isNobodyThere } from '../socket/wire-failure.ts'
import { readHolder } from './engine-lock.ts'
import type { HolderInfo } from './engine-lock.ts'
import { endHolder, frozenError, isStopped, untilGone } from './frozen-holder.ts'
import { startEngine } from './start-engine.ts'

export interface FrozenHolder extends HolderInfo {
  /** How long it did not answer. */
  readonly waitedMs: number
  /** Whether somebody stopped its process (SIGSTOP, a debugger): SIGCONT would wake it. */
  readonly stopped: boolean
}

export interface EnsureOptions {
  readonly folders: Folders
  /** Asked when the engine's holder is alive but does not answer. Taking over kills that process. */
  readonly onFrozen: (holder: FrozenHolder) => Promise<'take-over' | 'give-up'>
  readonly env?: NodeJS.ProcessEnv
  /** How long an engine that is there may take to say so. */
  readonly answerWithinMs?: number
  /** How long a start may take. */
  readonly startWithinMs?: number
}

type Reached = { readonly kind: 'answers'; readonly connection: SocketConnection; readonly hello: Hello } | { readonly kind: 'absent' | 'silent' | 'gone' }

const defaultAnswerWithinMs = 5000
const defaultStartWithinMs = 30_000

/**
 * A connection to an engine of this version. Throws `host-unavailable` where none can be started, its
 * holder is frozen and not to be taken over, or another version's holder does not want to end.
 */
export async function ensureEngine(options: EnsureOptions): Promise<SocketConnection> {
  const { folders, env = process.env, answerWithinMs = defaultAnswerWithinMs, startWithinMs = defaultStartWithinMs } = options
  let deadline = performance.now() + startWithinMs + answerWithinMs
  let started = false
  let replaced = false
  for (let waitMs = 10; ; waitMs = Math.min(waitMs * 2, 200)) {
    const before = readHolder(engineLock(folders))
    // A process that somebody stopped cannot answer: no need to wait for it.
    const reached: Reached = before !== null && isStopped(before.pid) ? { kind: 'silent' } : await reach(folders, answerWithinMs)
    if (reached.kind === 'answers' && reached.hello.contract === contractHash && !isOutdated(reached.hello)) return reached.connection
    const late = performance.now() > deadline
    const holder = readHolder(engineLock(folders))
    if (reached.kind === 'answers') {
      // Two versions that replace each other's engine would do so forever.
      if (replaced) throw await notOurs(reached.connection, reached.hello)
      await replaceOther(reached.connection, reached.hello)
      replaced = true
      started = false
    } else if (holder !== null && (reached.kind === 'silent' || late)) {
      await settleFrozen(options, holder, answerWithinMs)
      started = false
      deadline = performance.now() + startWithinMs + answerWithinMs
    } else if (late) {
      throw new MayflyError('host-unavailable', 'No engine could be reached or started in time.', { check: 'engine' }, { next: `Its log is ${engineLog(folders)}.` })
    } else if (!started || holder === null) {
      // `held` is no failure: another engine was faster and will listen, or one is just ending.
      await startEngine({ folders, env, withinMs: startWithinMs })
      started = true
    } else {
      await new Promise((resolve) => setTimeout(resolve, waitMs))
    }
  }
}

/** The engine that runs, of whatever version; null where none does. Starts nothing. Throws `timeout` where it does not answer. */
export async function findEngine(folders: Folders, answerWithinMs = defaultAnswerWithinMs): Promise<{ connection: SocketConnection; hello: Hello } | null> {
  const reached = await reach(folders, answerWithinMs)
  if (reached.kind === 'answers') return reached
  if (reached.kind === 'silent') throw new MayflyError('timeout', 'The engine is there but does not answer.', { waitedMs: answerWithinMs })
  return null
}

/**
 * Tries the socket, then the one the holder wrote down: whoever holds this data folder may have
 * been started where the runtime folder was another.
 */
async function reach(folders: Folders, timeoutMs: number): Promise<Reached> {
  const here = await tryConnect(engineSocket(folders), timeoutMs)
  if (here.kind !== 'absent') return here
  const holder = readHolder(engineLock(folders))
  return holder === null || holder.socket === engineSocket(folders) ? here : tryConnect(holder.socket, timeoutMs)
}

async function tryConnect(socket: string, timeoutMs: number): Promise<Reached> {
  const connection = connectEngine(socket)
  try {
    return { kind: 'answers', connection, hello: await connection.hello({ timeoutMs }) }
  } catch (error) {
    await connection.close()
    if (isMayflyError(error, 'timeout')) return { kind: 'silent' }
    if (isNobodyThere(error)) return { kind: 'absent' }
    if (isMayflyError(error, 'host-unavailable')) return { kind: 'gone' }
    throw error
  }
}

/** Ends an engine of another version, if its holder agrees. Throws `host-unavailable` where it does not. */
export async function replaceOther(connection: SocketConnection, hello: Hello): Promise<void> {
  const identity = identifyProcess(hello.pid)
  try {
    await connection.shutdown()
  } catch (cause) {
    throw new MayflyError('host-unavailable', `Mayfly ${hello.version} (${hello.holder}, process ${hello.pid}) holds the engine and does not end for another version.`, { check: 'engine' }, { cause, next: 'Close it, or use the same version.' })
  } finally {
    await connection.close()
  }
  if (identity !== null) await untilGone(identity)
}

async function notOurs(connection: SocketConnection, hello: Hello): Promise<MayflyError> {
  await connection.close()
  return new MayflyError('host-unavailable', `The engine that was just started (Mayfly ${hello.version}, process ${hello.pid}) is of another version than this program.`, { check: 'engine' }, { next: 'In a checkout, run npm run build; else use one version of Mayfly.' })
}

/** Asks whether to take over from a holder that does not answer, and does. */
async function settleFrozen(options: EnsureOptions, holder: HolderInfo, waitedMs: number): Promise<void> {
  const stopped = isStopped(holder.pid)
  const decision = await options.onFrozen({ ...holder, waitedMs, stopped })
  if (decision === 'give-up') {
    throw frozenError(holder, (wake) => `Take over with --take-over, which ends that process${wake === null ? '' : `, or wake it with ${wake}`}.`)
  }
  await endHolder(holder)
}
