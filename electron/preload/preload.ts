/**
 * The only code of ours that sees both the page and Electron. It passes one end of the page's own
 * MessageChannel on and offers the few things a page cannot do; it decides nothing, because
 * everything is checked again in main.
 */
import { contextBridge, ipcRenderer, webUtils } from 'electron'
import type { ErrorRecord } from '../../contract/errors.ts'
import { channels } from '../../contract/wire/desktop-bridge.ts'
import type { DesktopBridge, DesktopCommand, PortRequest } from '../../contract/wire/desktop-bridge.ts'

window.addEventListener('message', ({ source, origin, data, ports }: MessageEvent<unknown>) => {
  // Only this very page: not a frame in it, not the window that opened it.
  if (source !== window || origin !== location.origin || !isPortRequest(data) || ports.length !== 1) return
  ipcRenderer.postMessage(channels.port, { ticket: data.ticket }, [...ports])
})

const bridge: DesktopBridge = {
  pathOf: (file) => webUtils.getPathForFile(file as File),
  askForFile: (question) => ipcRenderer.invoke(channels.askForFile, question) as Promise<string | null>,
  saveFile: (question, bytes) => ipcRenderer.invoke(channels.saveFile, question, bytes) as Promise<string | null>,
  openWindow: (path) => ipcRenderer.invoke(channels.openWindow, path) as Promise<void>,
  takeOverEngine: () => ipcRenderer.invoke(channels.takeOverEngine) as Promise<ErrorRecord | null>,
  onCommand: (listener) => {
    ipcRenderer.on(channels.command, (_event, command: DesktopCommand) => listener(command))
    ipcRenderer.send(channels.ready)
  },
}
contextBridge.exposeInMainWorld('mayflyDesktop', bridge)

function isPortRequest(data: unknown): data is PortRequest {
  return typeof data === 'object' && data !== null && 'mayfly' in data && data.mayfly === 'port'
}
