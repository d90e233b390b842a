/**
 * Everything pages can ask main. Nothing a page says is believed. It is set up before the first
 * page is opened, and keeps the ports it is handed until what serves them is there.
 */
import { ipcMain } from 'electron'
import { channels } from '../../../contract/wire/desktop-bridge.ts'
import type { FileQuestion } from '../../../contract/wire/desktop-bridge.ts'
import { readBytes, readFileQuestion, readPagePath } from './requests.ts'
import { mainPortLink } from './main-port-link.ts'
import type { PortServer } from './port-server.ts'
import { isTrustedPage } from './trusted-page.ts'
import type { Sender } from './trusted-page.ts'

export interface PageAnswers {
  /** Where it rejects, the app is about to end. */
  readonly server: Promise<PortServer>
  /** Pages of our windows, by the id of their contents. */
  readonly pages: ReadonlySet<number>
  askForFile(question: FileQuestion): Promise<string | null>
  saveFile(question: FileQuestion, bytes: Uint8Array): Promise<string | null>
  openWindow(path: string): void
  /** A page listens for commands from now on. */
  pageIsReady(page: number): void
}

export function servePages(answers: PageAnswers): void {
  const { server, pages } = answers
  // Whoever started the app tells why it cannot go on.
  server.catch(() => undefined)

  ipcMain.on(channels.port, (event, request: unknown) => {
    const [port] = event.ports
    if (port === undefined) return
    if (!isTrustedPage(event, pages)) return port.close()
    const ticket = typeof request === 'object' && request !== null && 'ticket' in request ? request.ticket : undefined
    if (ticket !== undefined && typeof ticket !== 'string') return port.close()
    const link = mainPortLink(port)
    void server.then((ready) => (ticket === undefined ? ready.calls(link) : ready.stream(link, ticket)), () => link.close())
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
  answer(channels.takeOverEngine, async () => (await server).takeOver())

  ipcMain.on(channels.ready, (event) => {
    if (isTrustedPage(event, pages)) answers.pageIsReady(event.sender.id)
  })
}
