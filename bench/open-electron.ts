/** The app in a real Electron, on a display of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { _electron } from 'playwright-core'
import type { ElectronApplication } from 'playwright-core'
import type { BenchHome } from './bench-home.ts'
import { appFolder, browserFlags, windowSize } from './bench-window.ts'
import type { BenchWindow } from './bench-window.ts'
import { cpuSecondsOf, withDescendants } from './process-cpu.ts'

const connectsWithinMs = 40_000

/** What a window is looked at on. */
interface Display {
  /** `:99`. */
  readonly name: string
  close(): Promise<void>
}

/** The Electron to measure: build/bench.mjs names one. */
export function electronProgram(): string {
  const program = process.env['MAYFLY_ELECTRON']
  if (program === undefined) throw new Error('There is no Electron to measure; MAYFLY_ELECTRON names one.')
  if (process.getuid?.() === 0) throw new Error('Electron keeps its sandbox, which root has none of.')
  return program
}

/** The environment of an app: nothing of the user's own folders but what makes Mayfly's home. */
export async function electronEnvironment(home: BenchHome, display: Display): Promise<Record<string, string>> {
  const own = join(home.root, 'user')
  await mkdir(own, { recursive: true, mode: 0o700 })
  const { XDG_CONFIG_HOME: _config, XDG_CACHE_HOME: _cache, ...kept } = home.env
  return { ...(kept as Record<string, string>), HOME: own, DISPLAY: display.name }
}

export async function openDisplay(): Promise<Display> {
  const child = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1600x1100x24', '-nolisten', 'tcp', '-noreset'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] })
  const ended = once(child, 'exit')
  const told = child.stdio[3]
  if (told === null || told === undefined || !('setEncoding' in told)) throw new Error('Xvfb has no pipe to tell its display.')
  told.setEncoding('utf8')
  const [number] = (await Promise.race([once(told, 'data'), ended.then(() => Promise.reject(new Error('Xvfb ended at once.')))])) as [string]
  return {
    name: `:${number.trim()}`,
    close: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** Joins the engine that runs; where none does, the app holds it. */
export async function openElectron(home: BenchHome): Promise<BenchWindow> {
  const executablePath = electronProgram()
  const display = await openDisplay()
  const engine = await home.runningEngine()
  let app: ElectronApplication | undefined
  const close = async (): Promise<void> => {
    // Asked in order, it would ask back what becomes of the machines.
    const main = app?.process()
    if (main !== undefined && main.exitCode === null) {
      const ended = once(main, 'exit')
      main.kill('SIGKILL')
      await ended
    }
    await display.close()
  }
  try {
    const env = await electronEnvironment(home, display)
    const start = (): Promise<ElectronApplication> => _electron.launch({ executablePath, args: [...browserFlags, appFolder()], env, timeout: connectsWithinMs })
    // Now and then Playwright 1.65 does not get hold of an Electron 33 that runs as it should; it ends it then.
    app = await start().catch(start)
    const launched = app
    const page = await app.firstWindow()
    // An answer can be lost while the app is still loading ("promise was garbage collected").
    const resize = (): Promise<unknown> => launched.evaluate(({ BrowserWindow }, size) => BrowserWindow.getAllWindows()[0]?.setContentSize(size.width, size.height), windowSize)
    await resize().catch(resize)
    const main = app.process().pid ?? 0
    return {
      page,
      debug: await app.context().newCDPSession(page),
      cpuSeconds: () => [engine?.pid ?? 0, ...withDescendants(main)].reduce((sum, pid) => sum + cpuSecondsOf(pid), 0),
      openBlank: async () => {
        const opened = launched.waitForEvent('window')
        // In a session of its own: Mayfly's reaches nothing but Mayfly.
        await launched.evaluate(({ BrowserWindow }, size) => void new BrowserWindow({ width: size.width, height: size.height, useContentSize: true, webPreferences: { sandbox: true, partition: 'blank' } }).loadURL('about:blank'), windowSize)
        return opened
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
