/**
 * For hosts that show pages and stay: holds the engine if nobody does, else joins the one that
 * runs. Whether it is still there is not watched: a call that fails raises the doubt, and the next
 * one leads to this process holding the engine, or to whoever was faster. Starts no other process.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { contractHash } from '../../contract/contract-hash.generated.ts'
import { isMayflyError, MayflyError } from '../../contract/errors.ts'
import { frozenEngineCheck } from '../../contract/wire/frozen-engine.ts'
import type { EngineConnection, EngineLog } from '../../engine/engine-face.ts'
import { connectInProcess } from '../../engine/in-process.ts'
import type { Folders } from '../../engine/storage/folders.ts'
import { engineLock } from '../../engine/storage/names.ts'
import type { SocketConnection } from '../socket/client.ts'
import { isOutdated } from '../socket/program-stamp.ts'
import type { Hello } from '../socket/protocol.ts'
import { readHolder } from './engine-lock.ts'
import type { HolderInfo } from './engine-lock.ts'
import { findEngine, replaceOther } from './ensure-engine.ts'
import { endHolder, frozenError, isStopped } from './frozen-holder.ts'
import { holdEngine } from './hold-engine.ts'
import type { HeldEngine } from './hold-engine.ts'

export interface HoldOrJoinOptions {
  readonly folders: Folders
  /** `serve`, `window`. */
  readonly holder: string
  readonly log: EngineLog
  /** Somebody asks the engine to end while this process holds it. Throws where it would rather not. */
  readonly onShutdownRequest: () => void
  /** Told whenever this process has come to an engine: its own (null), or another's. */
  readonly onArrival?: (joined: Hello | null) => void
  /** How long an engine that is there may take to say so. */
  readonly answerWithinMs?: number
  /** What starts an engine when this process is gone and something is due; default: this Node with the detached engine's program. */
  readonly successor?: () => readonly string[]
}

export interface EnginePlace {
  /** The engine there is now. Rejects with `host-unavailable` where it is of another version, or does not answer. */
  connection(): Promise<EngineConnection>
  /** A call failed as if the engine that was joined had gone: the next one looks. */
  doubt(): void
  /** Takes the place of a holder that does not answer: ends its process and holds the engine, or joins whoever was faster. Does nothing to one that answers. */
  takeOver(): Promise<void>
  /** Whether the engine is in this process. */
  readonly holds: boolean
  /** Lets go of the engine; machines run on. */
  close(): Promise<void>
}

type Arrived = { readonly held: HeldEngine; readonly connection: EngineConnection } | { readonly held: null; readonly connection: SocketConnection; readonly pid: number }

/** How often a start that meets another's end is tried again. */
const attempts = 40
const attemptEveryMs = 100

export function holdOrJoin(options: HoldOrJoinOptions): EnginePlace {
  const { folders, holder, log, onShutdownRequest, answerWithinMs = 5000 } = options
  let arrived: Arrived | undefined
  let arriving: Promise<Arrived> | undefined
  let doubted = false
  let closed = false

  async function arrive(): Promise<Arrived> {
    for (let attempt = 1; ; attempt++) {
      if (closed) throw new MayflyError('host-unavailable', 'Mayfly is closing.', { check: 'engine' })
      const held = await holdEngine({ folders, holder, log, onShutdownRequest, ...(options.successor === undefined ? {} : { successor: options.successor }) })
      if (held !== null) {
        options.onArrival?.(null)
        return { held, connection: connectInProcess(held.face, log) }
      }
      const found = await findAnswering()
      if (found !== null) {
        if (found.hello.contract === contractHash && !isOutdated(found.hello)) {
          options.onArrival?.(found.hello)
          return { held: null, connection: found.connection, pid: found.hello.pid }
        }
        // It was left by another version; what it serves is not what this one speaks.
        await replaceOther(found.connection, found.hello)
        continue
      }
      // Its holder is just starting, or just ending.
      if (attempt === attempts) throw new MayflyError('host-unavailable', 'Another process holds the engine but does not serve it.', { check: 'engine' })
      await sleep(attemptEveryMs)
    }
  }

  /** As `findEngine`; one that does not answer is told as frozen. */
  async function findAnswering(): ReturnType<typeof findEngine> {
    const holder = readHolder(engineLock(folders))
    if (holder !== null && isStopped(holder.pid)) throw frozen(holder)
    try {
      return await findEngine(folders, answerWithinMs)
    } catch (error) {
      const still = readHolder(engineLock(folders))
      if (still !== null && isMayflyError(error, 'timeout')) throw frozen(still)
      throw error
    }
  }

  async function comeToEngine(): Promise<Arrived> {
    if (arrived !== undefined) {
      await arrived.connection.close()
      arrived = undefined
    }
    doubted = false
    arrived = await arrive()
    return arrived
  }

  function throwIfFrozen(): void {
    const holder = readHolder(engineLock(folders))
    if (holder !== null && isStopped(holder.pid)) throw frozen(holder)
  }

  return {
    takeOver: async () => {
      const holder = readHolder(engineLock(folders))
      if (holder === null || holder.pid === process.pid) return
      try {
        const found = await findAnswering()
        await found?.connection.close()
      } catch (error) {
        if (!isMayflyError(error, 'host-unavailable') || error.details.check !== frozenEngineCheck) throw error
        log.info(`Process ${holder.pid} (${holder.holder}), which held the engine and did not answer, is ended.`)
        await endHolder(holder)
      }
      doubted = arrived?.held === null
    },
    connection: async () => {
      if (arrived !== undefined && !doubted) {
        // Whoever is asked while stopped would never answer.
        if (arrived.held === null && isStopped(arrived.pid)) throwIfFrozen()
        return arrived.connection
      }
      arriving ??= comeToEngine().finally(() => {
        arriving = undefined
      })
      return (await arriving).connection
    },
    doubt: () => {
      doubted = arrived?.held === null
    },
    get holds() {
      return arrived !== undefined && arrived.held !== null
    },
    close: async () => {
      closed = true
      await arriving?.catch(() => undefined)
      await arrived?.connection.close()
      await arrived?.held?.close()
    },
  }
}

function frozen(holder: HolderInfo): MayflyError {
  return frozenError(holder, (wake) => `Take over, which ends that process${wake === null ? '' : `, or wake it with ${wake}`}.`)
}
