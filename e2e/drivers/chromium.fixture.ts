/** Drives `mayfly serve` in a real Chromium: the one MAYFLY_CHROMIUM names, else the distribution's. */
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import type { Browser } from 'playwright-core'
import { hostEnvironment } from './driver.fixture.ts'
import type { Driver, LaunchOptions, SavedFile } from './driver.fixture.ts'
import { chromiumProgram, servePages } from './served-pages.ts'

const command = fileURLToPath(new URL('../../out/cli/mayfly.mjs', import.meta.url))

export interface ChromiumDriver extends Driver {
  readonly browser: Browser
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string
}

/** `more`: switches of Chromium. */
export async function launchBrowser(more: readonly string[] = []): Promise<Browser> {
  const { XDG_RUNTIME_DIR: _left, ...env } = process.env
  return chromium.launch({
    executablePath: chromiumProgram(),
    // What its libraries would leave in the runtime folder goes to HOME.
    env: env as Record<string, string>,
    // Root has no sandbox; the tests run as an ordinary user, who has.
    chromiumSandbox: process.getuid?.() !== 0,
    args: ['--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--disable-background-networking', '--disable-component-update', '--disable-sync', ...more],
  })
}

export async function launchChromium({ home, colorScheme = 'light', size = { width: 1240, height: 800 } }: LaunchOptions): Promise<ChromiumDriver> {
  const served = await servePages(command, hostEnvironment(home))
  let browser: Browser | undefined
  const close = async (): Promise<void> => {
    await browser?.close()
    await served.close()
  }
  try {
    browser = await launchBrowser()
    const context = await browser.newContext({ colorScheme, viewport: size, permissions: ['clipboard-read', 'clipboard-write'] })
    const page = await context.newPage()
    await page.goto(served.address)
    const origin = `http://127.0.0.1:${served.port}`
    await page.waitForURL(`${origin}/`)
    const chooseFile = async (file: string, ask: () => Promise<void>): Promise<void> => {
      const [chooser] = await Promise.all([page.waitForEvent('filechooser'), ask()])
      await chooser.setFiles(file)
    }
    const savedFile = async (_path: string, act: () => Promise<void>): Promise<SavedFile> => {
      const [download] = await Promise.all([page.waitForEvent('download', { timeout: 60_000 }), act()])
      return { path: await download.path(), offered: download.suggestedFilename() }
    }
    return { host: 'chromium', browser, page, origin, stderr: served.stderr, chooseFile, savedFile, close }
  } catch (error) {
    await close()
    throw error
  }
}
