/** A WebSocket as a message link. */
import { MayflyError } from '../../contract/errors.ts'
import type { LinkListener, LinkMessage, MessageLink } from '../../contract/wire/message-link.ts'

/** A browser waits for minutes where nothing comes back. */
const patienceMs = 8000

/** `details.check` of the `host-unavailable` that tells that there is no way to the host. */
export const noWayCheck = 'connection'

/** Opens a WebSocket. Rejects with `host-unavailable` where it is refused, which the browser does not tell, or nobody answers. */
export function openWebSocketLink(url: string, protocols: string[]): Promise<MessageLink> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, protocols)
    socket.binaryType = 'arraybuffer'
    let listener: LinkListener | undefined
    let closed = false
    /** What came between opening and somebody listening. */
    const early: LinkMessage[] = []
    const close = (): void => {
      clearTimeout(timer)
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
    const gone = (): void => {
      reject(new MayflyError('host-unavailable', 'Mayfly does not answer.', { check: noWayCheck }, { next: 'See whether mayfly serve still runs, and whether its computer can be reached.' }))
      close()
    }
    const timer = setTimeout(gone, patienceMs)
    socket.addEventListener('close', gone)
    socket.addEventListener('open', () => {
      clearTimeout(timer)
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
      })
    })
  })
}
