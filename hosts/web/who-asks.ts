/** Reads from a request who asks, and refuses who may not: the same for pages, calls and WebSockets. */
import type { IncomingMessage } from 'node:http'
import { MayflyError } from '../../contract/errors.ts'
import { keyProtocol, pageProtocol, sessionKeyHeader } from '../../contract/wire/browser-session.ts'
import type { AllowedHosts } from './allowed-hosts.ts'
import type { Sessions } from './sessions.ts'

/** A request that is refused, with the HTTP status that says so. */
export class Refusal extends Error {
  readonly status: 401 | 403 | 421 | 429
  readonly error: MayflyError

  constructor(status: 401 | 403 | 421 | 429, sentence: string, next?: string) {
    super(sentence)
    this.status = status
    this.error = new MayflyError('host-unavailable', sentence, { check: 'browser-session' }, next === undefined ? {} : { next })
  }
}

interface Door {
  readonly hosts: AllowedHosts
  readonly sessions: Sessions
  readonly cookieName: string
}

/** This server's origin as the browser calls it. Throws a refusal for a name that is not this server's. */
export function ownOrigin(request: IncomingMessage, { hosts }: Door): string {
  const origin = hosts.originOf(request.headers.host)
  if (origin === undefined) throw new Refusal(421, 'Mayfly is not known by this name.')
  return origin
}

/** Refuses what pages of other origins cause. `mustSay`: also who does not tell its origin. */
export function assertSameOrigin(request: IncomingMessage, own: string, mustSay: boolean): void {
  const { origin, 'sec-fetch-site': site } = request.headers
  const foreign = (origin !== undefined && origin !== own) || (typeof site === 'string' && site !== 'same-origin' && site !== 'none')
  if (foreign || (mustSay && origin === undefined)) throw new Refusal(403, 'Only pages of Mayfly itself may ask this.')
}

/** Refuses who has no session, proved by cookie and key. */
export function assertSession(request: IncomingMessage, door: Door): void {
  const key = request.headers[sessionKeyHeader] ?? keyInProtocols(request.headers['sec-websocket-protocol'])
  if (!door.sessions.knows(readCookie(request, door.cookieName), typeof key === 'string' ? key : undefined)) {
    throw new Refusal(401, 'This browser has no session with Mayfly.', 'Open the address that mayfly serve printed.')
  }
}

/** The cookie of that name; undefined where there is none, or more than one. */
export function readCookie(request: IncomingMessage, name: string): string | undefined {
  const values = (request.headers.cookie ?? '').split(';').flatMap((pair) => {
    const at = pair.indexOf('=')
    return at > 0 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : []
  })
  return values.length === 1 ? values[0] : undefined
}

function keyInProtocols(header: string | undefined): string | undefined {
  const protocols = (header ?? '').split(',').map((protocol) => protocol.trim())
  if (!protocols.includes(pageProtocol)) return undefined
  return protocols.find((protocol) => protocol.startsWith(keyProtocol))?.slice(keyProtocol.length)
}
