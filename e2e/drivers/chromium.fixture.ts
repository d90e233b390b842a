/** Drives `mayfly serve` in a real Chromium: the one MAYFLY_CHROMIUM names, else the distribution's. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import type { Browser } from 'playwright-core'
import { hostEnvironment } from './driver.fixture.ts'
import type { Driver, LaunchOptions } from './driver.fixture.ts'

const command = fileURLToPath(new URL('../../out/cli/mayfly.mjs', import.meta.url))
const installed = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

export interface ChromiumDriver extends Driver {
  readonly browser: Browser
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string
}

/** `more`: switches of Chromium. */
export async function launchBrowser(more: readonly string[] = []): Promise<Browser> {
  const executablePath = process.env['MAYFLY_CHROMIUM'] ?? installed.find((path) => existsSync(path))
  if (executablePath === undefined) throw new Error('Chromium is not installed.')
  const { XDG_RUNTIME_DIR: _left, ...env } = process.env
  return chromium.launch({
    executablePath,
    // What its libraries would leave in the runtime folder goes to HOME.
    env: env as Record<string, string>,
    // Root has no sandbox; the tests run as an ordinary user, who has.
    chromiumSandbox: process.getuid?.() !== 0,
    args: ['--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--disable-background-networking', '--disable-component-update', '--disable-sync', ...more],
  })
}

export async function launchChromium({ home, colorScheme = 'light', size = { width: 1240, height: 800 } }: LaunchOptions): Promise<ChromiumDriver> {
  const serve = spawn(process.execPath, [command, 'serve', '--port', '0', '--json'], { env: hostEnvironment(home), stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(serve, 'exit')
  let stderr = ''
  serve.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  let browser: Browser | undefined
  const close = async (): Promise<void> => {
    await browser?.close()
    serve.kill('SIGTERM')
    await ended
  }
  try {
    const { address, port } = await readAnnouncement(serve.stdout, ended, () => stderr)
    browser = await launchBrowser()
    const context = await browser.newContext({ colorScheme, viewport: size, permissions: ['clipboard-read', 'clipboard-write'] })
    const page = await context.newPage()
    await page.goto(address)
    const origin = `http://127.0.0.1:${port}`
    await page.waitForURL(`${origin}/`)
    const chooseFile = async (file: string, ask: () => Promise<void>): Promise<void> => {
      const [chooser] = await Promise.all([page.waitForEvent('filechooser'), ask()])
      await chooser.setFiles(file)
    }
    return { host: 'chromium', browser, page, origin, stderr: () => stderr, chooseFile, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function readAnnouncement(stdout: NodeJS.ReadableStream, ended: Promise<unknown>, stderr: () => string): Promise<{ address: string; port: number }> {
  let text = ''
  stdout.setEncoding('utf8')
  const end = ended.then(() => Promise.reject(new Error(`mayfly serve ended at once: ${stderr()}`)))
  end.catch(() => undefined)
  for (;;) {
    const [chunk] = (await Promise.race([once(stdout, 'data'), end])) as [string]
    text += chunk
    if (text.trimEnd().endsWith('}')) return JSON.parse(text) as { address: string; port: number }
  }
}
