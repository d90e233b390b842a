/** Asks the page in a window to do something. */
import type { BrowserWindow } from 'electron'
import { channels } from '../../../contract/wire/desktop-bridge.ts'
import type { DesktopCommand } from '../../../contract/wire/desktop-bridge.ts'

export function sendCommand(window: BrowserWindow, command: DesktopCommand): void {
  window.webContents.send(channels.command, command)
}
