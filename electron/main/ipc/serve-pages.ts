/** Everything pages can ask main: the only file that knows Electron's IPC. Nothing a page says is believed. */
import { ipcMain } from 'electron'
import type { BrowserWindow } from 'electron'
import { toErrorRecord } from '../../../contract/errors.ts'
import { channels } from '../../../contract/wire/desktop-bridge.ts'
import type { DesktopCommand, FileQuestion } from '../../../contract/wire/desktop-bridge.ts'
import type { EngineAccess } from '../../../hosts/page/engine-access.ts'
import { expected, serveCalls } from '../../../hosts/page/serve-calls.ts'
import { serveStream } from '../../../hosts/page/serve-stream.ts'
import { readBytes, readFileQuestion, readPagePath } from './requests.ts'
import { mainPortLink } from './main-port-link.ts'
import { isTrustedPage } from './trusted-page.ts'
import type { Sender } from './trusted-page.ts'

export interface PageAnswers {
  readonly engine: EngineAccess
  /** Pages of our windows, by the id of their contents. */
  readonly pages: ReadonlySet<number>
  askForFile(question: FileQuestion): Promise<string | null>
  saveFile(question: FileQuestion, bytes: Uint8Array): Promise<string | null>
  openWindow(path: string): void
  /** A page listens for commands from now on. */
  pageIsReady(page: number): void
}

export function servePages(answers: PageAnswers): void {
  const { engine, pages } = answers

  ipcMain.on(channels.port, (event, request: unknown) => {
    const [port] = event.ports
    if (port === undefined) return
    if (!isTrustedPage(event, pages)) return port.close()
    const ticket = typeof request === 'object' && request !== null && 'ticket' in request ? request.ticket : undefined
    if (ticket === undefined) serveCalls(mainPortLink(port), engine)
    else if (typeof ticket === 'string') void serveStream(mainPortLink(port), ticket, engine)
    else port.close()
  })

  /** Answers one channel; who is not one of our pages gets an error and nothing happens. */
  const answer = <T>(channel: string, act: (...args: readonly unknown[]) => T): void => {
    ipcMain.handle(channel, (event: Sender, ...args: unknown[]) => {
      if (!isTrustedPage(event, pages)) throw new Error('Only pages of Mayfly may ask this.')
      return act(...args)
    })
  }
  answer(channels.askForFile, (question) => answers.askForFile(readFileQuestion(question)))
  answer(channels.saveFile, (question, bytes) => answers.saveFile(readFileQuestion(question), readBytes(bytes)))
  answer(channels.openWindow, (path) => answers.openWindow(readPagePath(path)))

  // Electron would keep only the message of an error.
  answer(channels.takeOverEngine, () => engine.takeOver?.().then(() => null, (error: unknown) => toErrorRecord(expected(error, 'taking over the engine', engine))) ?? null)

  ipcMain.on(channels.ready, (event) => {
    if (isTrustedPage(event, pages)) answers.pageIsReady(event.sender.id)
  })
}

/** Asks the page in a window to do something. */
export function sendCommand(window: BrowserWindow, command: DesktopCommand): void {
  window.webContents.send(channels.command, command)
}
