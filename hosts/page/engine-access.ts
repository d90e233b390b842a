/** How what serves pages reaches the engine: in this process, or through the socket of the process that holds it. */
import type { EngineConnection, EngineLog } from '../../engine/engine-face.ts'

export interface EngineAccess {
  /** The engine there is now: asked before each call, because an engine that was joined may have gone. Rejects with `MayflyError`. */
  connection(): Promise<EngineConnection>
  readonly log: EngineLog
}
