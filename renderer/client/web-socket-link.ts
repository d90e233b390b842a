/** A WebSocket as a message link. */
import { MayflyError } from '../../contract/errors.ts'
import type { LinkListener, LinkMessage, MessageLink } from '../../contract/wire/message-link.ts'

/** Opens a WebSocket. Rejects with `host-unavailable` where it is refused: the browser does not say why. */
export function openWebSocketLink(url: string, protocols: string[]): Promise<MessageLink> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, protocols)
    socket.binaryType = 'arraybuffer'
    let listener: LinkListener | undefined
    let closed = false
    /** What came between opening and somebody listening. */
    const early: LinkMessage[] = []
    const close = (): void => {
      if (closed) return
      closed = true
      socket.close()
      listener?.closed()
    }
    socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (closed) return
      const message = typeof data === 'string' ? data : data instanceof ArrayBuffer ? new Uint8Array(data) : undefined
      if (message === undefined) close()
      else if (listener === undefined) early.push(message)
      else listener.message(message)
    })
    socket.addEventListener('close', () => {
      reject(new MayflyError('host-unavailable', 'Mayfly does not answer.', { check: 'engine' }, { next: 'See whether mayfly serve still runs.' }))
      close()
    })
    socket.addEventListener('open', () =>
      resolve({
        send: (message) => {
          if (!closed) socket.send(message as string | Uint8Array<ArrayBuffer>)
        },
        listen: (to) => {
          listener = to
          for (const message of early.splice(0)) to.message(message)
          if (closed) to.closed()
        },
        close,
      }),
    )
  })
}
