/** Connects a page to the engine by whatever its host offers: the window's ports, or WebSockets. */
import type { DesktopBridge } from '../../contract/wire/desktop-bridge.ts'
import { browserTransport } from './browser-transport.ts'
import { desktopTransport } from './desktop-transport.ts'
import { connectPage } from './page-connection.ts'
import type { PageConnection } from './page-connection.ts'

/** What the window offers beside the engine; undefined in a browser. */
export function desktopBridge(): DesktopBridge | undefined {
  return (globalThis as { mayflyDesktop?: DesktopBridge }).mayflyDesktop
}

/** Makes no connection yet: the first call does. */
export function connect(): PageConnection {
  if (desktopBridge() !== undefined) return connectPage(desktopTransport(window))
  return connectPage(browserTransport({ location, storage: localStorage, onNoSession: () => location.assign('/login') }))
}
