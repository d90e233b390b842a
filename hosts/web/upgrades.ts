/**
 * WebSockets: `/rpc` for calls and events, `/stream/TICKET` for the bytes of one console. Each is asked now and
 * then whether somebody is still there, because a network that goes away tells nobody.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { maxByteMessageBytes } from '../../contract/wire/byte-link.ts'
import { pageProtocol } from '../../contract/wire/browser-session.ts'
import { maxPageMessageCharacters } from '../../contract/wire/call-message.ts'
import type { MessageLink } from '../../contract/wire/message-link.ts'
import type { EngineAccess } from '../page/engine-access.ts'
import { serveCalls } from '../page/serve-calls.ts'
import { serveStream } from '../page/serve-stream.ts'
import { webSocketLink } from './web-socket-link.ts'
import { Refusal } from './who-asks.ts'

/** WebSockets at once, of all pages together. */
const maxSockets = 256
/** One that says nothing for so long after it was asked is gone. Browsers answer by themselves, also for pages that sleep. */
const defaultAskEveryMs = 30_000

export interface Upgrades {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Ends every WebSocket. */
  close(): void
}

/** `admit` throws a `Refusal` for who may not come in. */
export function createUpgrades(engine: EngineAccess, admit: (request: IncomingMessage) => void, askEveryMs = defaultAskEveryMs): Upgrades {
  const common = { noServer: true, perMessageDeflate: false, handleProtocols: () => pageProtocol } as const
  const calls = new WebSocketServer({ ...common, maxPayload: maxPageMessageCharacters })
  const streams = new WebSocketServer({ ...common, maxPayload: maxByteMessageBytes })
  const servers = [calls, streams]
  const asked = new WeakSet<WebSocket>()
  const asking = setInterval(() => {
    for (const client of servers.flatMap(({ clients }) => [...clients])) {
      if (asked.has(client)) client.terminate()
      else {
        asked.add(client)
        client.ping()
      }
    }
  }, askEveryMs).unref()

  function watched(client: WebSocket): MessageLink {
    const isThere = (): boolean => asked.delete(client)
    client.on('pong', isThere).on('message', isThere)
    return webSocketLink(client)
  }

  return {
    upgrade: (request, socket, head) => {
      socket.on('error', () => socket.destroy())
      try {
        admit(request)
        if (servers.reduce((sum, server) => sum + server.clients.size, 0) >= maxSockets) throw new Refusal(429, 'Too many connections are open.')
        const path = (request.url ?? '').split('?')[0] ?? ''
        const ticket = /^\/stream\/([A-Za-z0-9_-]{0,64})$/.exec(path)?.[1]
        if (path === '/rpc') calls.handleUpgrade(request, socket, head, (accepted) => serveCalls(watched(accepted), engine))
        else if (ticket !== undefined) streams.handleUpgrade(request, socket, head, (accepted) => void serveStream(watched(accepted), ticket, engine))
        else refuse(socket, 404)
      } catch (error) {
        refuse(socket, error instanceof Refusal ? error.status : 500)
      }
    },
    close: () => {
      clearInterval(asking)
      for (const server of servers) {
        for (const client of server.clients) client.terminate()
        server.close()
      }
    },
  }
}

function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  socket.once('finish', () => socket.destroy())
}
