/**
 * The window's transport without the app around it: Electron, the preload script, the handover of
 * ports and what serves them are the real ones; the engine is whichever listens on the socket named.
 */
import { app, session } from 'electron'
import type { EngineConnection } from '../../engine/engine-face.ts'
import { confinePages, confineSession } from '../../electron/main/confine.ts'
import { portServer } from '../../electron/main/ipc/port-server.ts'
import { servePages } from '../../electron/main/ipc/serve-pages.ts'
import { declarePageScheme, servePageScheme } from '../../electron/main/page-scheme.ts'
import { Windows } from '../../electron/main/windows.ts'
import { connectEngine } from '../../hosts/socket/client.ts'

const socket = process.env['MAYFLY_TEST_SOCKET'] ?? ''
let connection: EngineConnection | undefined

app.enableSandbox()
app.setPath('userData', process.env['MAYFLY_HOME'] ?? '')
declarePageScheme()
confinePages()
app.whenReady().then(
  () => {
    const windows = new Windows({ memoryFile: `${process.env['MAYFLY_HOME']}/window.json`, icon: '', onMainClosed: () => app.quit() })
    confineSession(session.defaultSession)
    servePageScheme(session.defaultSession)
    servePages({
      server: Promise.resolve(portServer({
        connection: () => Promise.resolve((connection ??= connectEngine(socket))),
        doubt: () => {
          connection = undefined
        },
        log: { info: console.error, bug: (_reference, error) => console.error(error) },
      })),
      pages: windows.pages,
      askForFile: () => Promise.resolve(null),
      saveFile: () => Promise.resolve(null),
      openWindow: (path) => windows.openPage(path),
      pageIsReady: (page) => windows.pageIsReady(page),
    })
    windows.showMain()
  },
  (error: unknown) => console.error(error),
)
