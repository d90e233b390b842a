/** WebSockets: `/rpc` for calls and events, `/stream/TICKET` for the bytes of one console. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { maxByteMessageBytes } from '../../contract/wire/byte-link.ts'
import { pageProtocol } from '../../contract/wire/browser-session.ts'
import { maxPageMessageCharacters } from '../../contract/wire/call-message.ts'
import type { EngineAccess } from '../page/engine-access.ts'
import { serveCalls } from '../page/serve-calls.ts'
import { serveStream } from '../page/serve-stream.ts'
import { webSocketLink } from './web-socket-link.ts'
import { Refusal } from './who-asks.ts'

/** WebSockets at once, of all pages together. */
const maxSockets = 256

export interface Upgrades {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Ends every WebSocket. */
  close(): void
}

/** `admit` throws a `Refusal` for who may not come in. */
export function createUpgrades(engine: EngineAccess, admit: (request: IncomingMessage) => void): Upgrades {
  const common = { noServer: true, perMessageDeflate: false, handleProtocols: () => pageProtocol } as const
  const calls = new WebSocketServer({ ...common, maxPayload: maxPageMessageCharacters })
  const streams = new WebSocketServer({ ...common, maxPayload: maxByteMessageBytes })
  const servers = [calls, streams]

  return {
    upgrade: (request, socket, head) => {
      socket.on('error', () => socket.destroy())
      try {
        admit(request)
        if (servers.reduce((sum, server) => sum + server.clients.size, 0) >= maxSockets) throw new Refusal(429, 'Too many connections are open.')
        const path = (request.url ?? '').split('?')[0] ?? ''
        const ticket = /^\/stream\/([A-Za-z0-9_-]{0,64})$/.exec(path)?.[1]
        if (path === '/rpc') calls.handleUpgrade(request, socket, head, (accepted) => serveCalls(webSocketLink(accepted), engine))
        else if (ticket !== undefined) streams.handleUpgrade(request, socket, head, (accepted) => void serveStream(webSocketLink(accepted), ticket, engine))
        else refuse(socket, 404)
      } catch (error) {
        refuse(socket, error instanceof Refusal ? error.status : 500)
      }
    },
    close: () => {
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
