/** The way to the engine in a window: MessagePorts, handed to main through the preload script. */
import type { MessageLink } from '../../contract/wire/message-link.ts'
import type { PortRequest } from '../../contract/wire/desktop-bridge.ts'
import type { PageTransport } from './page-connection.ts'
import { portLink } from './port-link.ts'

export function desktopTransport(page: Pick<Window, 'postMessage' | 'origin'>): PageTransport {
  const open = (request: PortRequest): Promise<MessageLink> => {
    const { port1, port2 } = new MessageChannel()
    page.postMessage(request, page.origin, [port2])
    return Promise.resolve(portLink(port1))
  }
  return {
    openCalls: () => open({ mayfly: 'port' }),
    openStream: (ticket) => open({ mayfly: 'port', ticket }),
  }
}
