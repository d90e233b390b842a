/** Our windows: one main window that is remembered, and windows of single pages beside it. Every page is sandboxed and has no Node. */
import { fileURLToPath } from 'node:url'
import { BrowserWindow, nativeTheme, screen } from 'electron'
import type { BrowserWindowConstructorOptions } from 'electron'
import { pageOrigin } from '../../contract/wire/desktop-bridge.ts'
import type { DesktopCommand } from '../../contract/wire/desktop-bridge.ts'
import { sendCommand } from './ipc/send-command.ts'
import { readMemory, visibleBounds, writeMemory } from './window-memory.ts'
import type { WindowMemory } from './window-memory.ts'

const preload = fileURLToPath(new URL('../preload/preload.cjs', import.meta.url))

/** What every page gets, and what it does not. */
const confined: BrowserWindowConstructorOptions = {
  show: false,
  autoHideMenuBar: true,
  webPreferences: { preload, sandbox: true, contextIsolation: true, nodeIntegration: false, webSecurity: true, webviewTag: false, spellcheck: false, navigateOnDragDrop: false, disableDialogs: true },
}

interface WindowsOptions {
  /** Where the main window's place is kept. */
  readonly memoryFile: string
  readonly icon: string
  /** The main window was closed. */
  readonly onMainClosed: () => void
}

export class Windows {
  /** The ids of our pages' contents. */
  readonly pages = new Set<number>()
  readonly #options: WindowsOptions
  #memory: WindowMemory
  #main: BrowserWindow | undefined
  #ready = false
  /** Commands that came before the page listened. */
  #waiting: DesktopCommand[] = []

  constructor(options: WindowsOptions) {
    this.#options = options
    this.#memory = readMemory(options.memoryFile)
  }

  get toldAboutClosing(): boolean {
    return this.#memory.toldAboutClosing === true
  }

  /** Shows the main window, made if it is not there, and asks its page to do something. */
  showMain(command?: DesktopCommand): void {
    if (command !== undefined) this.#waiting.push(command)
    if (this.#main === undefined) this.#main = this.#makeMain()
    else {
      if (this.#main.isMinimized()) this.#main.restore()
      this.#main.show()
      this.#main.focus()
    }
    this.#sendWaiting()
  }

  /** Asks the main window's page to do something, when it listens. */
  ask(command: DesktopCommand): void {
    this.#waiting.push(command)
    this.#sendWaiting()
  }

  /** Shows one page in a window of its own. */
  openPage(path: string): void {
    const window = this.#make({ ...confined, width: 900, height: 640, minWidth: 320, minHeight: 240 })
    void window.loadURL(`${pageOrigin}${path}`)
  }

  pageIsReady(page: number): void {
    if (page !== this.#main?.webContents.id) return
    this.#ready = true
    this.#sendWaiting()
  }

  /** Keeps where the main window is. */
  rememberPlace(): void {
    if (this.#main === undefined) return
    this.#remember({ ...this.#memory, bounds: this.#main.getNormalBounds(), maximized: this.#main.isMaximized() })
  }

  rememberTold(): void {
    this.#remember({ ...this.#memory, toldAboutClosing: true })
  }

  #makeMain(): BrowserWindow {
    const bounds = visibleBounds(this.#memory.bounds, screen.getAllDisplays().map(({ workArea }) => workArea))
    const window = this.#make({ ...confined, title: 'Mayfly', width: 1240, height: 800, minWidth: 720, minHeight: 480, ...bounds })
    if (this.#memory.maximized === true) window.maximize()
    window.on('close', () => this.rememberPlace())
    window.on('closed', () => {
      this.#main = undefined
      this.#ready = false
      this.#options.onMainClosed()
    })
    // A page that begins anew has to listen anew; one that only shows another of its places still listens.
    window.webContents.on('did-start-navigation', ({ isMainFrame, isSameDocument }) => {
      if (isMainFrame && !isSameDocument) this.#ready = false
    })
    void window.loadURL(`${pageOrigin}/`)
    return window
  }

  #make(options: BrowserWindowConstructorOptions): BrowserWindow {
    const window = new BrowserWindow({ ...options, icon: this.#options.icon, backgroundColor: nativeTheme.shouldUseDarkColors ? '#121517' : '#f3f5f5' })
    const page = window.webContents.id
    this.pages.add(page)
    window.once('closed', () => this.pages.delete(page))
    window.once('ready-to-show', () => window.show())
    return window
  }

  #sendWaiting(): void {
    if (this.#main === undefined || !this.#ready) return
    for (const command of this.#waiting.splice(0)) sendCommand(this.#main, command)
  }

  /** What cannot be kept is not worth stopping for. */
  #remember(memory: WindowMemory): void {
    this.#memory = memory
    try {
      writeMemory(this.#options.memoryFile, memory)
    } catch {
      // The next start places the window anew.
    }
  }
}
