/** Serves the ports that pages hand over, and whatever else needs the engine: it is loaded beside the window and not before it. */
import { toErrorRecord } from '../../../contract/errors.ts'
import type { ErrorRecord } from '../../../contract/errors.ts'
import type { MessageLink } from '../../../contract/wire/message-link.ts'
import type { EngineAccess } from '../../../hosts/page/engine-access.ts'
import { expected, serveCalls } from '../../../hosts/page/serve-calls.ts'
import { serveStream } from '../../../hosts/page/serve-stream.ts'

export interface PortServer {
  calls(link: MessageLink): void
  stream(link: MessageLink, ticket: string): void
  /** Resolves to why it could not, or null: Electron would keep only the message of an error. */
  takeOver(): Promise<ErrorRecord | null>
}

export function portServer(engine: EngineAccess): PortServer {
  return {
    calls: (link) => serveCalls(link, engine),
    stream: (link, ticket) => void serveStream(link, ticket, engine),
    takeOver: async () => {
      try {
        await engine.takeOver?.()
        return null
      } catch (error) {
        return toErrorRecord(expected(error, 'taking over the engine', engine))
      }
    },
  }
}
