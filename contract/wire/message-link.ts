/** What carries messages between a page and its host: a MessagePort in the window, a WebSocket in the browser. */

export type LinkMessage = string | Uint8Array

export interface LinkListener {
  /** Messages come whole and in order. */
  message(message: LinkMessage): void
  /** Once: nothing comes any more, and nothing sent arrives. */
  closed(): void
}

/** Neither side of a link may be believed to read as fast as it is sent to: what runs over it keeps its own limits. */
export interface MessageLink {
  /** Sends one message. Does nothing once the link is closed. */
  send(message: LinkMessage): void
  /** Called once, before anything can have been lost. */
  listen(listener: LinkListener): void
  close(): void
}
