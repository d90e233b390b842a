/**
 * What the app is besides its windows: it holds the engine where nobody else does, else its
 * windows are clients of the one that runs; menu, tray and notifications; how it ends. Closing the
 * window ends nothing, neither a machine nor work of the engine.
 */
import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { app, dialog } from 'electron'
import { isMayflyError, MayflyError } from '../../contract/errors.ts'
import type { EngineLog } from '../../engine/engine-face.ts'
import { lastingProgram } from '../../engine/lasting-parts.ts'
import type { Folders } from '../../engine/storage/folders.ts'
import { holdOrJoin } from '../../hosts/holder/hold-or-join.ts'
import { wokenFlag } from '../../hosts/holder/readiness.ts'
import type { EngineAccess } from '../../hosts/page/engine-access.ts'
import { text } from '../../hosts/page/text/text.ts'
import { findDeepLink, linkScheme, parseDeepLink } from './deep-link.ts'
import { portServer } from './ipc/port-server.ts'
import type { PortServer } from './ipc/port-server.ts'
import { EngineMirror } from './engine-mirror.ts'
import type { Work } from './engine-mirror.ts'
import { setMenu } from './menu.ts'
import { createNotifier } from './notifications.ts'
import { readSettings, settleBeforeQuitting } from './quit.ts'
import { MachineTray } from './tray.ts'
import type { Windows } from './windows.ts'

const claimLinksAfterMs = 5000

interface DesktopOptions {
  readonly folders: Folders
  readonly windows: Windows
  readonly icon: string
  /** Tells why the app cannot go on, and ends it. */
  readonly fail: (error: unknown) => void
}

export interface Desktop {
  readonly server: PortServer
  /** The main window was closed. */
  readonly mainClosed: () => void
}

export function runDesktop({ folders, windows, icon, fail }: DesktopOptions): Desktop {
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
    // Nobody can turn a packaged app into a Node; without a window and without a display it is an engine as good as any.
    successor: () => [lastingProgram(), '--ozone-platform=headless', '--disable-gpu', ...(app.isPackaged ? [] : [app.getAppPath()]), wokenFlag],
    onShutdownRequest: () => {
      throw new MayflyError('conflict', text.engine.mayNotEnd, { state: 'window', allowed: ['none'] }, { next: text.engine.mayNotEndNext })
    },
    onArrival: (joined) => log.info(joined === null ? text.engine.held : text.engine.joined(joined.holder, joined.pid)),
  })
  const engine: EngineAccess = { connection: () => place.connection(), doubt: () => place.doubt(), takeOver: () => place.takeOver(), log }
  const server = portServer(engine)

  let quitting: 'no' | 'asking' | 'yes' = 'no'
  /** `quit`: somebody quits while quitting is under way. `change`: what the mirror shows changed. */
  const told = new EventTarget()
  const nextOf = (name: 'quit' | 'change') => (signal: AbortSignal): Promise<void> => new Promise((resolve) => told.addEventListener(name, () => resolve(), { once: true, signal }))
  const showMachine = (machine: string | undefined): void => windows.showMain(machine === undefined ? undefined : { kind: 'show-machine', machine })

  const notify = createNotifier(showMachine)
  const mirror = new EngineMirror(engine, {
    changed: () => {
      tray.show(mirror.running, mirror.work)
      told.dispatchEvent(new Event('change'))
    },
    happened: notify,
  })
  /** What would be lost if we ended: nothing of an engine that another process holds. */
  const workWithUs = (): readonly Work[] => (place.holds ? mirror.work : [])
  const tray = new MachineTray({
    icon,
    onShow: () => windows.showMain(),
    onShowMachine: showMachine,
    onAction: (action, machine) => {
      action.act(engine).catch((error: unknown) => dialog.showErrorBox(machine.name, isMayflyError(error) ? error.message : String(error)))
    },
    onQuit: () => app.quit(),
  })
  setMenu((asked) => windows.showMain(asked), () => app.quit())

  // That is a process of the desktop's, waited for: not while somebody waits for the window.
  setTimeout(() => app.setAsDefaultProtocolClient(linkScheme), claimLinksAfterMs).unref()
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
    if (quitting === 'asking') return void told.dispatchEvent(new Event('quit'))
    quitting = 'asking'
    quit().catch(fail)
  })

  async function closed(): Promise<void> {
    const machines = mirror.running.length
    const works = workWithUs().length
    if (machines + works === 0) return app.quit()
    const { onWindowClose } = await readSettings(engine)
    if (onWindowClose === 'quit') return app.quit()
    if (windows.toldAboutClosing) return
    windows.rememberTold()
    await dialog.showMessageBox({ type: 'info', message: text.closing.message, detail: text.closing.detail(machines, works), buttons: [text.closing.understood] })
  }

  async function quit(): Promise<void> {
    if (!(await settleBeforeQuitting({ engine, machines: () => mirror.running, work: workWithUs, nextChange: nextOf('change'), nextQuit: nextOf('quit') }))) {
      quitting = 'no'
      // Whoever closed the window and then thought better of it gets it back.
      windows.showMain()
      return
    }
    quitting = 'yes'
    mirror.close()
    tray.close()
    windows.rememberPlace()
    await place.close()
    // After a first attempt was held up, app.quit() closes the windows and then waits for ever (seen with Electron 33 and SIGTERM).
    app.exit(0)
  }

  const link = findDeepLink(process.argv)
  if (link !== undefined) windows.ask(link)

  return {
    server,
    mainClosed: () => {
      if (quitting === 'no') closed().catch(fail)
    },
  }
}
