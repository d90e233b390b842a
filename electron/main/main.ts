/**
 * The desktop app begins here: with what a window needs and nothing else, because somebody waits
 * for it. What the app is besides, its engine above all, is loaded while the page is. Started by the
 * waker it has no window: it is an engine that settles what is due, and ends.
 */
import { mkdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import * as nodeModule from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { app, dialog, session } from 'electron'
import { isMayflyError } from '../../contract/errors.ts'
import type { FileQuestion } from '../../contract/wire/desktop-bridge.ts'
import { forgetAppImage } from '../../engine/lasting-parts.ts'
import { resolveFolders } from '../../engine/storage/folders.ts'
import { wokenFlag } from '../../hosts/holder/readiness.ts'
import { text } from '../../hosts/page/text/text.ts'
import { confinePages, confineSession } from './confine.ts'
import { servePages } from './ipc/serve-pages.ts'
import { declarePageScheme, servePageScheme } from './page-scheme.ts'
import { Windows } from './windows.ts'

const isWoken = process.argv.includes(wokenFlag)
const icon = fileURLToPath(new URL('icon.png', import.meta.url))
const folders = resolveFolders()

forgetAppImage(process.env)
app.setName('Mayfly')
app.enableSandbox()
// Chromium's own files; and with the folder, one instance for each MAYFLY_HOME.
const chromiumFolder = isWoken ? join(folders.cache, 'woken') : join(folders.state, 'window')
mkdirSync(chromiumFolder, { recursive: true, mode: 0o700 })
app.setPath('userData', chromiumFolder)
// Node 22.8 and later keep what they compiled; older ones, Electron 33's among them, compile anew with each start.
;(nodeModule as { readonly enableCompileCache?: (folder: string) => unknown }).enableCompileCache?.(join(folders.cache, 'compiled'))
declarePageScheme()
confinePages()

if (isWoken) {
  import('../../hosts/holder/engine-main.ts').catch(fail)
} else if (app.requestSingleInstanceLock()) {
  app.whenReady().then(open).catch(fail)
} else {
  // The first instance is told, and shows itself.
  app.quit()
}

async function open(): Promise<void> {
  let load: () => void = () => undefined
  const desktop = new Promise<void>((resolve) => (load = resolve)).then(async () => (await import('./desktop.ts')).runDesktop({ folders, windows, icon, fail }))
  const windows = new Windows({ memoryFile: join(folders.config, 'window.json'), icon, onMainClosed: () => void desktop.then(({ mainClosed }) => mainClosed(), () => undefined) })
  confineSession(session.defaultSession)
  // The page's own process begins now. This one compiles the engine meanwhile, and is free again when that asks for scripts.
  servePageScheme(session.defaultSession, load)
  servePages({
    server: desktop.then(({ server }) => server),
    pages: windows.pages,
    askForFile,
    saveFile,
    openWindow: (path) => windows.openPage(path),
    pageIsReady: (page) => windows.pageIsReady(page),
  })
  windows.showMain()
  await desktop
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
  if (!isWoken) dialog.showErrorBox(text.couldNotGoOn, isMayflyError(error) ? [error.message, error.next ?? ''].join('\n') : String(error))
  app.exit(1)
}
