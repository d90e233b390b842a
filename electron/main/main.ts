/**
 * The desktop app: puts engine, windows, menu and tray together. It holds the engine where nobody
 * else does, else its windows are clients of the one that runs. Closing the window ends nothing.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { app, dialog, session } from 'electron'
import { isMayflyError, MayflyError } from '../../contract/errors.ts'
import type { DesktopCommand, FileQuestion } from '../../contract/wire/desktop-bridge.ts'
import type { EngineLog } from '../../engine/engine-face.ts'
import { resolveFolders } from '../../engine/storage/folders.ts'
import { holdOrJoin } from '../../hosts/holder/hold-or-join.ts'
import type { EngineAccess } from '../../hosts/page/engine-access.ts'
import { confinePages, confineSession } from './confine.ts'
import { findDeepLink, linkScheme, parseDeepLink } from './deep-link.ts'
import { servePages } from './ipc/serve-pages.ts'
import { MachineMirror } from './machine-mirror.ts'
import { setMenu } from './menu.ts'
import { createNotifier } from './notifications.ts'
import { declarePageScheme, servePageScheme } from './page-scheme.ts'
import { decideAboutMachines, readSettings, shutDownAll } from './quit.ts'
import { MachineTray } from './tray.ts'
import { Windows } from './windows.ts'

const icon = fileURLToPath(new URL('icon.png', import.meta.url))
const folders = resolveFolders()

app.setName('Mayfly')
app.enableSandbox()
// Chromium's own files; and with the folder, one instance for each MAYFLY_HOME.
const chromiumFolder = join(folders.state, 'window')
mkdirSync(chromiumFolder, { recursive: true, mode: 0o700 })
app.setPath('userData', chromiumFolder)
declarePageScheme()
confinePages()

if (app.requestSingleInstanceLock()) {
  app.whenReady().then(open).catch(fail)
} else {
  // The first instance is told, and shows itself.
  app.quit()
}

function open(): void {
  const log: EngineLog = {
    info: (sentence) => console.error(sentence),
    bug: (reference, error) => console.error(`[${reference}] ${inspect(error, { depth: 4 })}`),
  }
  // What nobody awaited leaves only its own work undone.
  process.on('unhandledRejection', (reason) => log.bug(randomBytes(4).toString('hex'), reason))

  const place = holdOrJoin({
    folders,
    holder: 'window',
    log,
    onShutdownRequest: () => {
      throw new MayflyError('conflict', 'The window of Mayfly holds the engine.', { state: 'window', allowed: ['none'] }, { next: 'Quit Mayfly there; machines run on.' })
    },
    onArrival: (joined) => log.info(joined === null ? 'This window holds the engine.' : `Another process (${joined.holder}, ${joined.pid}) holds the engine; this window is its client.`),
  })
  const engine: EngineAccess = { connection: () => place.connection(), doubt: () => place.doubt(), takeOver: () => place.takeOver(), log }

  let quitting: 'no' | 'asking' | 'yes' = 'no'
  const windows = new Windows({
    memoryFile: join(folders.config, 'window.json'),
    icon,
    onMainClosed: () => {
      if (quitting === 'no') closed().catch(fail)
    },
  })
  const command = (asked: DesktopCommand): void => windows.showMain(asked)
  const showMachine = (machine: string | undefined): void => windows.showMain(machine === undefined ? undefined : { kind: 'show-machine', machine })

  confineSession(session.defaultSession)
  servePageScheme(session.defaultSession)
  servePages({
    engine,
    pages: windows.pages,
    askForFile,
    saveFile,
    openWindow: (path) => windows.openPage(path),
    pageIsReady: (page) => windows.pageIsReady(page),
  })

  const notify = createNotifier(showMachine)
  const mirror = new MachineMirror(engine, {
    changed: () => tray.show(mirror.running),
    happened: notify,
  })
  const tray = new MachineTray({
    icon,
    onShow: () => windows.showMain(),
    onShowMachine: showMachine,
    onAction: (action, machine) => {
      action.act(engine).catch((error: unknown) => dialog.showErrorBox(machine.name, isMayflyError(error) ? error.message : String(error)))
    },
    onQuit: () => app.quit(),
  })
  setMenu(command, () => app.quit())

  app.setAsDefaultProtocolClient(linkScheme)
  app.on('second-instance', (_event, words) => windows.showMain(findDeepLink(words)))
  app.on('open-url', (event, url) => {
    event.preventDefault()
    windows.showMain(parseDeepLink(url))
  })
  app.on('activate', () => windows.showMain())
  // Whether that ends the app is decided where the main window closes.
  app.on('window-all-closed', () => undefined)
  app.on('before-quit', (event) => {
    if (quitting === 'yes') return
    event.preventDefault()
    if (quitting === 'asking') return
    quitting = 'asking'
    quit().catch(fail)
  })

  async function closed(): Promise<void> {
    if (mirror.running.length === 0) return app.quit()
    const { onWindowClose } = await readSettings(engine)
    if (onWindowClose === 'quit') return app.quit()
    if (windows.toldAboutClosing) return
    windows.rememberTold()
    await dialog.showMessageBox({ type: 'info', message: 'Machines run on.', detail: 'Mayfly stays in the panel while they do. Open it again there, or quit it there. The settings can make closing the window quit.', buttons: ['Understood'] })
  }

  async function quit(): Promise<void> {
    const answer = await decideAboutMachines(mirror.running, (await readSettings(engine)).onQuit)
    if (answer === 'stay') {
      quitting = 'no'
      // Whoever closed the window and then thought better of it gets it back.
      windows.showMain()
      return
    }
    if (answer === 'shut-down') {
      const failures = await shutDownAll(mirror.running, engine)
      if (failures.length > 0) {
        quitting = 'no'
        windows.showMain()
        dialog.showErrorBox('Not all machines were shut down', failures.join('\n'))
        return
      }
    }
    quitting = 'yes'
    mirror.close()
    tray.close()
    windows.rememberPlace()
    await place.close()
    // After a first attempt was held up, app.quit() closes the windows and then waits for ever (seen with Electron 33 and SIGTERM).
    app.exit(0)
  }

  windows.showMain(findDeepLink(process.argv))
}

async function askForFile({ title, filters = [] }: FileQuestion): Promise<string | null> {
  const { canceled, filePaths } = await dialog.showOpenDialog({ title, filters: filters.map(({ name, extensions }) => ({ name, extensions: [...extensions] })), properties: ['openFile'] })
  return canceled ? null : (filePaths[0] ?? null)
}

async function saveFile({ title, filters = [], suggestedName = '' }: FileQuestion, bytes: Uint8Array): Promise<string | null> {
  const { canceled, filePath } = await dialog.showSaveDialog({ title, defaultPath: suggestedName, filters: filters.map(({ name, extensions }) => ({ name, extensions: [...extensions] })) })
  if (canceled || filePath === '') return null
  await writeFile(filePath, bytes)
  return filePath
}

function fail(error: unknown): void {
  console.error(error)
  dialog.showErrorBox('Mayfly could not go on', isMayflyError(error) ? [error.message, error.next ?? ''].join('\n') : String(error))
  app.exit(1)
}
