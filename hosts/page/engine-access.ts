/** How what serves pages reaches the engine: in this process, or through the socket of the process that holds it. */
import { isMayflyError } from '../../contract/errors.ts'
import type { EngineConnection, EngineLog } from '../../engine/engine-face.ts'
import { OtherEngineError } from '../socket/client.ts'
import { isNobodyThere } from '../socket/wire-failure.ts'

export interface EngineAccess {
  /** The engine there is now. Rejects with `MayflyError` where there is none. */
  connection(): Promise<EngineConnection>
  /** The engine seems to have gone: the next to ask for it gets the one there is then. */
  doubt(): void
  /** Takes the place of an engine that is alive but does not answer. Absent where there can be none. */
  takeOver?(): Promise<void>
  readonly log: EngineLog
}

/** Does something with the engine. Where it turns out that the one known has gone before it was asked anything, does it with the next. */
export async function withEngine<T>(engine: EngineAccess, task: (connection: EngineConnection) => Promise<T>): Promise<T> {
  const connection = await engine.connection()
  try {
    return await task(connection)
  } catch (error) {
    if (!isMayflyError(error, 'host-unavailable') && !(error instanceof OtherEngineError)) throw error
    engine.doubt()
    if (isMayflyError(error, 'host-unavailable') && !isNobodyThere(error)) throw error
    return task(await engine.connection())
  }
}

/** An engine that cannot go away before those who ask. */
export function lastingEngine(connection: EngineConnection, log: EngineLog): EngineAccess {
  return { connection: () => Promise.resolve(connection), doubt: () => undefined, log }
}
