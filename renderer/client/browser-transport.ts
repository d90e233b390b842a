/** The way to the engine in a browser that `mayfly serve` has let in: WebSockets of the same origin. */
import { openWebSocketLink } from './web-socket-link.ts'
import type { PageTransport } from './page-connection.ts'
import { keyProtocol, pageProtocol, sessionKeyName, streamPath } from '../../contract/wire/browser-session.ts'

/** `storage` holds the key of the session that was begun at `/login`. */
export function browserTransport(page: Pick<Location, 'host' | 'protocol'>, storage: Pick<Storage, 'getItem'>): PageTransport {
  const open = (path: string) => {
    const url = `${page.protocol === 'https:' ? 'wss' : 'ws'}://${page.host}${path}`
    return openWebSocketLink(url, [pageProtocol, `${keyProtocol}${storage.getItem(sessionKeyName) ?? ''}`])
  }
  return {
    openCalls: () => open('/rpc'),
    openStream: (ticket) => open(streamPath(ticket)),
  }
}
