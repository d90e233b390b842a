/** The way to the engine in a browser that `mayfly serve` has let in: WebSockets of the same origin. */
import type { MessageLink } from '../../contract/wire/message-link.ts'
import { keyProtocol, pageProtocol, sessionKeyName, streamPath } from '../../contract/wire/browser-session.ts'
import type { PageTransport } from './page-connection.ts'
import { openWebSocketLink } from './web-socket-link.ts'

/** How long a server that just refused a WebSocket, or did not answer, may take to say why. */
const patienceMs = 5000

interface BrowserPage {
  readonly location: Pick<Location, 'host' | 'protocol'>
  /** Holds the key of the session that was begun at `/login`. */
  readonly storage: Pick<Storage, 'getItem'>
  /** The session is over: nothing works until somebody comes in anew. */
  readonly onNoSession: () => void
}

export function browserTransport({ location, storage, onNoSession }: BrowserPage): PageTransport {
  const open = (path: string): Promise<MessageLink> => {
    const url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${path}`
    return openWebSocketLink(url, [pageProtocol, `${keyProtocol}${storage.getItem(sessionKeyName) ?? ''}`])
  }
  return {
    openCalls: async () => {
      try {
        return await open('/rpc')
      } catch (error) {
        // The browser does not say why a WebSocket was refused.
        if (await isSessionOver()) onNoSession()
        throw error
      }
    },
    openStream: (ticket) => open(streamPath(ticket)),
  }
}

async function isSessionOver(): Promise<boolean> {
  try {
    const answer = await fetch('/session', { signal: AbortSignal.timeout(patienceMs) })
    return answer.ok && ((await answer.json()) as { open: boolean }).open === false
  } catch {
    return false
  }
}
