/** A page's MessagePort, as main has it, as a message link. */
import type { MessagePortMain } from 'electron'
import type { LinkListener, MessageLink } from '../../../contract/wire/message-link.ts'

export function mainPortLink(port: MessagePortMain): MessageLink {
  let listener: LinkListener | undefined
  let closed = false
  const close = (): void => {
    if (closed) return
    closed = true
    port.close()
    listener?.closed()
  }
  port.on('close', close)
  return {
    send: (message) => {
      // A view is sent with all that lies behind it: send a copy of its own size.
      if (!closed) port.postMessage(typeof message === 'string' ? message : new Uint8Array(message))
    },
    listen: (to) => {
      listener = to
      port.on('message', ({ data }: { data: unknown }) => {
        if (closed) return
        if (typeof data === 'string' || data instanceof Uint8Array) to.message(data)
        else close()
      })
      if (closed) to.closed()
      else port.start()
    },
    close,
  }
}
