/** A WebSocket of the `ws` package as a message link. */
import type { RawData, WebSocket } from 'ws'
import type { MessageLink } from '../../contract/wire/message-link.ts'

export function webSocketLink(socket: WebSocket): MessageLink {
  // What is wrong with a socket is told by its closing.
  socket.on('error', () => socket.terminate())
  return {
    send: (message) => {
      if (socket.readyState === socket.OPEN) socket.send(message)
    },
    listen: (listener) => {
      socket.on('message', (data: RawData, isBinary: boolean) => {
        // With `nodebuffer`, the default, every message is one Buffer.
        const bytes = data as Buffer
        listener.message(isBinary ? bytes : bytes.toString('utf8'))
      })
      socket.on('close', () => listener.closed())
    },
    close: () => socket.close(),
  }
}
