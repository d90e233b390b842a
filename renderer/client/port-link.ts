/** A MessagePort as a message link. */
import type { LinkListener, MessageLink } from '../../contract/wire/message-link.ts'

export function portLink(port: MessagePort): MessageLink {
  let listener: LinkListener | undefined
  let closed = false
  const close = (): void => {
    if (closed) return
    closed = true
    port.close()
    listener?.closed()
  }
  return {
    send: (message) => {
      // A view is sent with all that lies behind it: send a copy of its own size. Electron's main
      // process cannot be handed the buffer itself: it would arrive empty.
      if (!closed) port.postMessage(typeof message === 'string' ? message : new Uint8Array(message))
    },
    listen: (to) => {
      listener = to
      port.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
        if (closed) return
        if (typeof data === 'string' || data instanceof Uint8Array) to.message(data)
        else close()
      })
      port.addEventListener('messageerror', close)
      // Told by Chromium where the other side went away.
      port.addEventListener('close', close)
      port.start()
    },
    close,
  }
}
