/** A browser without a page: what it would send, and what somebody hostile would. */
import { WebSocket } from 'ws'
import { keyProtocol, pageProtocol, sessionKeyHeader } from '../../contract/wire/browser-session.ts'
import type { LinkListener, LinkMessage, MessageLink } from '../../contract/wire/message-link.ts'
import type { WebServer } from './server.ts'

export interface Entered {
  readonly origin: string
  readonly cookie: string
  readonly key: string
  /** Headers of a request that may come in. */
  readonly headers: Readonly<Record<string, string>>
}

/** Goes in through a fresh address. */
export async function enter(server: WebServer): Promise<Entered> {
  const { origin } = server
  const token = new URL(server.newAddress()).hash.slice(1)
  const answer = await fetch(`${origin}/session`, { method: 'POST', headers: { origin, 'content-type': 'application/json' }, body: JSON.stringify({ token }) })
  if (!answer.ok) throw new Error(`The session was refused: ${await answer.text()}`)
  const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  const { key } = (await answer.json()) as { key: string }
  return { origin, cookie, key, headers: { origin, cookie, [sessionKeyHeader]: key } }
}

interface Handshake {
  readonly cookie?: string | undefined
  readonly key?: string | undefined
  readonly origin?: string | undefined
  readonly host?: string | undefined
}

/** Opens a WebSocket as a page would, or as `differently` says. Rejects with the HTTP status where it is refused. */
export function openSocket(entered: Entered, path: string, differently: Handshake = {}, onMessage: (data: Buffer, isBinary: boolean) => void = () => undefined): Promise<WebSocket> {
  const { cookie, key, origin, host } = { cookie: entered.cookie, key: entered.key, origin: entered.origin, host: undefined, ...differently }
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${entered.origin.replace('http', 'ws')}${path}`, [pageProtocol, ...(key === undefined ? [] : [`${keyProtocol}${key}`])], {
      perMessageDeflate: false,
      headers: { ...(cookie === undefined ? {} : { cookie }), ...(origin === undefined ? {} : { origin }), ...(host === undefined ? {} : { host }) },
    })
    socket.on('unexpected-response', (_request, response) => {
      response.resume()
      reject(new Error(`refused with ${response.statusCode}`))
    })
    socket.on('error', (error) => reject(error))
    socket.on('message', onMessage)
    socket.on('open', () => resolve(socket))
  })
}

/** Opens a WebSocket as a page's link does: what comes before somebody listens is kept. */
export async function openLink(entered: Entered, path: string): Promise<MessageLink> {
  let listener: LinkListener | undefined
  const early: LinkMessage[] = []
  const socket = await openSocket(entered, path, {}, (data, isBinary) => {
    const message: LinkMessage = isBinary ? data : data.toString('utf8')
    if (listener === undefined) early.push(message)
    else listener.message(message)
  })
  let closed = false
  socket.on('close', () => {
    closed = true
    listener?.closed()
  })
  return {
    send: (message) => {
      if (socket.readyState === socket.OPEN) socket.send(message)
    },
    listen: (to) => {
      listener = to
      for (const message of early.splice(0)) to.message(message)
      if (closed) to.closed()
    },
    close: () => socket.close(),
  }
}
