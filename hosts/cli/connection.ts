/**
 * How the command line comes to an engine. Where one of this version answers, which is nearly
 * always, nothing else is loaded; what starts, replaces and takes over comes only when needed.
 */
import { contractHash } from '../../contract/contract-hash.generated.ts'
import { isMayflyError, MayflyError } from '../../contract/errors.ts'
import type { EngineClient } from '../../engine/engine-face.ts'
import { resolveFolders } from '../../engine/storage/folders.ts'
import { engineSocket } from '../../engine/storage/names.ts'
import { connectEngine, type SocketConnection } from '../socket/client.ts'
import { isOutdated } from '../socket/program-stamp.ts'
import type { Call } from './command-line.ts'
import { type Io, tell } from './io.ts'

/** How long an engine that is there may take before it is looked at more closely, with more patience. */
const answerWithinMs = 1500
/** How long a Tab may wait. */
const completionPatienceMs = 700

/** A connection to an engine of this version; one is started where none runs. Throws `host-unavailable` where that cannot be. */
export async function connect(call: Call, io: Io): Promise<SocketConnection> {
  return (await connectRunning(io)) ?? (await startOrReplace(call, io))
}

async function connectRunning(io: Io): Promise<SocketConnection | undefined> {
  const connection = connectEngine(engineSocket(resolveFolders(io.env)))
  try {
    const hello = await connection.hello({ timeoutMs: answerWithinMs })
    if (hello.contract === contractHash && !isOutdated(hello)) return connection
  } catch (error) {
    if (!isMayflyError(error)) throw error
  }
  await connection.close()
  return undefined
}

async function startOrReplace(call: Call, io: Io): Promise<SocketConnection> {
  const { ensureEngine } = await import('../holder/ensure-engine.ts')
  return await ensureEngine({
    folders: resolveFolders(io.env),
    env: io.env,
    onFrozen: async ({ holder, pid, stopped }) => {
      if (call.globals.takeOver) return 'take-over'
      if (io.stdin.isTTY !== true || io.stderr.isTTY !== true) return 'give-up'
      const { ask } = await import('./confirm.ts')
      tell(io, `The engine (${holder}, process ${pid}) ${stopped ? 'was stopped' : 'does not answer'}. Taking over ends that process; machines run on.`)
      return (await ask('Take over? [y/N] ', io)).trim().toLowerCase().startsWith('y') ? 'take-over' : 'give-up'
    },
  })
}

/** `mayfly engine stop`: ends an engine of any version, and starts none to end it. Answers with the process that held it. */
export async function stopEngine(call: Call, io: Io): Promise<{ pid: number }> {
  const { findEngine } = await import('../holder/ensure-engine.ts')
  let found: Awaited<ReturnType<typeof findEngine>>
  try {
    found = await findEngine(resolveFolders(io.env))
  } catch (error) {
    if (!isMayflyError(error, 'timeout')) throw error
    const connection = await startOrReplace(call, io)
    found = { connection, hello: await connection.hello({ timeoutMs: answerWithinMs }) }
  }
  if (found === null) throw new MayflyError('not-found', 'No engine is running.', { kind: 'engine', ref: 'engine' })
  const { connection, hello } = found
  try {
    await connection.shutdown()
    return { pid: hello.pid }
  } finally {
    await connection.close()
  }
}

/** Asks an engine that runs; undefined where none does, or it does not answer soon. */
export async function askRunningEngine<T>(question: (client: EngineClient) => Promise<T>, io: Io): Promise<T | undefined> {
  const connection = connectEngine(engineSocket(resolveFolders(io.env)))
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((done) => {
    timer = setTimeout(() => done(undefined), completionPatienceMs)
  })
  try {
    return await Promise.race([question(connection.client), late])
  } catch (error) {
    if (isMayflyError(error)) return undefined
    throw error
  } finally {
    clearTimeout(timer)
    await connection.close()
  }
}
