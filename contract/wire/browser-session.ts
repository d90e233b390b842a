/**
 * How a browser's session with `mayfly serve` is told apart from everything else on this host.
 *
 * A cookie alone cannot do it: browsers send cookies to every port of a host, so a web server in
 * a guest, reached through a forward on 127.0.0.1, would be given it. The session therefore has
 * a key besides, which only pages of this very origin can read from their storage, and every
 * request proves both.
 */

/** Where the page keeps the key (localStorage, which belongs to one origin, port included). */
export const sessionKeyName = 'mayfly-session-key'

/** Carries the key in HTTP requests. */
export const sessionKeyHeader = 'mayfly-key'

/** The WebSocket protocol that is agreed on. */
export const pageProtocol = 'mayfly.page.1'

/** Carries the key in a WebSocket's handshake, which takes no headers from a page: the key stands behind it. */
export const keyProtocol = 'mayfly.key.'

/** Where the WebSocket of a ticket is opened. A ticket that cannot be one leads to one that is not there. */
export function streamPath(ticket: string): string {
  return `/stream/${/^[A-Za-z0-9_-]{0,64}$/.test(ticket) ? ticket : ''}`
}
