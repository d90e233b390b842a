/** Drives the desktop app in a real Electron: the one MAYFLY_ELECTRON names, else the runtime for tests. */
import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { ElectronApplication } from 'playwright-core'
import { until } from '../conformance/until.ts'
import { startApp } from './desktop-app.ts'
import { hostEnvironment } from './driver.fixture.ts'
import type { Driver, LaunchOptions } from './driver.fixture.ts'
import { openDisplay } from './virtual-display.ts'

const checkout = fileURLToPath(new URL('../..', import.meta.url))

/** No GPU here; WebGL in software. The sandbox stays on: it is part of what is tested, and the reason why root cannot run this. */
const flags = ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--disable-background-networking', '--disable-component-update', '--disable-sync']

export interface ElectronDriver extends Driver {
  readonly app: ElectronApplication
}

export interface ElectronOptions extends LaunchOptions {
  /** The app; default: this checkout's, which must be built. */
  readonly folder?: string
  /** What it is started with besides, as a desktop hands over links. */
  readonly links?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Pixels of the screen for one of the page, in each direction; default 1. */
  readonly density?: number
}

let lastStart: Promise<unknown> = Promise.resolve()

/** One after the other: apps that start at once hold each other up. */
export function launchElectron(options: ElectronOptions): Promise<ElectronDriver> {
  const started = lastStart.then(() => start(options))
  lastStart = started.catch(() => undefined)
  return started
}

async function start({ home, colorScheme = 'light', folder = checkout, links = [], env = {}, density = 1 }: ElectronOptions): Promise<ElectronDriver> {
  if (process.getuid?.() === 0) throw new Error('Electron keeps its sandbox in tests, and root has none: run them with npm test.')
  const program = process.env['MAYFLY_ELECTRON'] ?? (await electronForTests())
  const display = await openDisplay(density)
  try {
    const { app, page, stderr } = await startApp({ program, args: [...flags, `--force-device-scale-factor=${density}`, folder, ...links], env: { ...hostEnvironment(home), DISPLAY: display.name, ...env }, colorScheme })
    return {
      host: 'electron',
      app,
      page,
      stderr,
      chooseFile: async (file, ask) => {
        // The desktop draws the dialog itself, out of reach of any driver: here it answers at once.
        await app.evaluate(({ dialog }, chosen) => {
          const asBefore = dialog.showOpenDialog.bind(dialog)
          dialog.showOpenDialog = () => {
            dialog.showOpenDialog = asBefore
            return Promise.resolve({ canceled: false, filePaths: [chosen] })
          }
        }, file)
        await ask()
      },
      savedFile: async (path, act) => {
        await app.evaluate(({ dialog }, chosen) => {
          const asBefore = dialog.showSaveDialog.bind(dialog)
          dialog.showSaveDialog = (...given: unknown[]) => {
            dialog.showSaveDialog = asBefore
            Object.assign(globalThis, { offeredPath: (given.at(-1) as { readonly defaultPath?: string }).defaultPath })
            return Promise.resolve({ canceled: false, filePath: chosen })
          }
        }, path)
        await act()
        await until(() => stat(path).then(({ size }) => size > 0, () => false), `${path} is saved`, 60_000)
        return { path, offered: basename(await app.evaluate(() => (globalThis as { readonly offeredPath?: string }).offeredPath ?? '')) }
      },
      close: async () => {
        await app.close()
        await display.close()
      },
    }
  } catch (error) {
    await display.close()
    throw error
  }
}

/** Made on the first call, which takes a minute and the npm registry; `npm test` has made it before. */
async function electronForTests(): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(checkout, 'build/electron-runtime.mjs')])
  return join(stdout.trim(), 'electron')
}
