/** Holds the engine: takes the lock, puts the engine together, serves it on its socket. For every host that may be the holder. */
import { createEngine } from '../../engine/engine.ts'
import type { EngineFace, EngineLog } from '../../engine/engine-face.ts'
import type { Folders } from '../../engine/storage/folders.ts'
import { makeFolders } from '../../engine/storage/folders.ts'
import { assertSocketPath, engineLock, engineSocket } from '../../engine/storage/names.ts'
import { mayflyVersion } from '../../engine/version.ts'
import type { ProgramStamp } from '../socket/protocol.ts'
import { serveSocket } from '../socket/server.ts'
import type { SocketServer } from '../socket/server.ts'
import { takeEngineLock } from './engine-lock.ts'
import { successorCommand } from './start-engine.ts'
import { Waker } from './waker.ts'

interface HoldOptions {
  readonly folders: Folders
  /** `cli` detached, `serve`, `window`, `test`. */
  readonly holder: string
  readonly log: EngineLog
  /** The program of an engine that does nothing else, so that a newer build of it is noticed. */
  readonly program?: ProgramStamp | null
  /** Somebody asks the engine to end. Throws where this holder would rather not. Called while the request is answered. */
  readonly onShutdownRequest: () => void
  readonly onConnections?: (count: number) => void
  /** What starts an engine when this one is gone and something is due; default: this Node with the detached engine's program. */
  readonly successor?: () => readonly string[]
}

export interface HeldEngine {
  readonly face: EngineFace
  readonly server: SocketServer
  /** Ends serving, then the engine, then gives the lock back. Machines run on. */
  close(): Promise<void>
}

/** Becomes the holder and serves the socket; null where another process is. Throws where the engine cannot start; nothing is held then. */
export async function holdEngine(options: HoldOptions): Promise<HeldEngine | null> {
  const { folders, holder, log, onShutdownRequest } = options
  const socket = engineSocket(folders)
  assertSocketPath(socket)
  makeFolders(folders)
  const lock = takeEngineLock(engineLock(folders), { holder, version: mayflyVersion, socket })
  if (lock === null) return null
  const waker = new Waker({ folders, log, successor: options.successor ?? successorCommand })
  let face: EngineFace | undefined
  try {
    face = await createEngine({ folders, log, holder, onShutdownRequest, onPromises: (promises) => waker.note(promises) })
    const server = await serveSocket({
      face,
      path: socket,
      identity: { version: mayflyVersion, pid: process.pid, holder, program: options.program ?? null },
      log,
      onShutdown: onShutdownRequest,
      ...(options.onConnections === undefined ? {} : { onConnections: options.onConnections }),
    })
    const held = face
    return {
      face: held,
      server,
      close: async () => {
        const served = server.close()
        try {
          await held.close()
          await served
        } finally {
          waker.close()
          lock.release()
        }
      },
    }
  } catch (error) {
    await face?.close()
    waker.close()
    lock.release()
    throw error
  }
}
