/** The app in a real Electron, on a display of its own. */
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { answerOf, startApp } from '../e2e/drivers/desktop-app.ts'
import type { StartedApp } from '../e2e/drivers/desktop-app.ts'
import { openDisplay } from '../e2e/drivers/virtual-display.ts'
import type { VirtualDisplay } from '../e2e/drivers/virtual-display.ts'
import type { BenchHome } from './bench-home.ts'
import { appFolder, browserFlags, windowSize } from './bench-window.ts'
import type { BenchWindow } from './bench-window.ts'
import { cpuSecondsOf, withDescendants } from './process-cpu.ts'

/** The Electron to measure: build/bench.mjs names one. */
export function electronProgram(): string {
  const program = process.env['MAYFLY_ELECTRON']
  if (program === undefined) throw new Error('There is no Electron to measure; MAYFLY_ELECTRON names one.')
  if (process.getuid?.() === 0) throw new Error('Electron keeps its sandbox, which root has none of.')
  return program
}

/** The environment of an app: nothing of the user's own folders but what makes Mayfly's home. */
export async function electronEnvironment(home: BenchHome, display: VirtualDisplay): Promise<Record<string, string>> {
  const own = join(home.root, 'user')
  await mkdir(own, { recursive: true, mode: 0o700 })
  const { XDG_CONFIG_HOME: _config, XDG_CACHE_HOME: _cache, ...kept } = home.env
  return { ...(kept as Record<string, string>), HOME: own, DISPLAY: display.name }
}

/** Joins the engine that runs; where none does, the app holds it. */
export async function openElectron(home: BenchHome): Promise<BenchWindow> {
  const program = electronProgram()
  const display = await openDisplay()
  const engine = await home.runningEngine()
  let started: StartedApp | undefined
  const close = async (): Promise<void> => {
    // Asked in order, it would ask back what becomes of the machines.
    const main = started?.app.process()
    if (main !== undefined && main.exitCode === null) {
      const ended = once(main, 'exit')
      main.kill('SIGKILL')
      await ended
    }
    await display.close()
  }
  try {
    started = await startApp({ program, args: [...browserFlags, appFolder()], env: await electronEnvironment(home, display) })
    const { app, page } = started
    await answerOf(() => app.evaluate(({ BrowserWindow }, size) => BrowserWindow.getAllWindows()[0]?.setContentSize(size.width, size.height), windowSize))
    const main = app.process().pid ?? 0
    return {
      page,
      debug: await app.context().newCDPSession(page),
      cpuSeconds: () => [engine?.pid ?? 0, ...withDescendants(main)].reduce((sum, pid) => sum + cpuSecondsOf(pid), 0),
      openBlank: async () => {
        const opened = app.waitForEvent('window')
        await answerOf(() => app.evaluate(({ BrowserWindow }, { known, width, height }) => {
          if (BrowserWindow.getAllWindows().length > known) return
          // In a session of its own: Mayfly's reaches nothing but Mayfly.
          void new BrowserWindow({ width, height, useContentSize: true, webPreferences: { sandbox: true, partition: 'blank' } }).loadURL('about:blank')
        }, { known: app.windows().length, ...windowSize }))
        return opened
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
