/** `mayfly serve` in a real Chromium. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import type { Browser } from 'playwright-core'
import type { BenchHome } from './bench-home.ts'
import { appFolder, browserFlags, windowSize } from './bench-window.ts'
import type { BenchWindow } from './bench-window.ts'
import { childrenOf, cpuSecondsOf, withDescendants } from './process-cpu.ts'

const installed = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Joins the engine that runs; where none does, the server holds it. */
export async function openChromium(home: BenchHome): Promise<BenchWindow> {
  const executablePath = process.env['MAYFLY_CHROMIUM'] ?? installed.find((path) => existsSync(path))
  if (executablePath === undefined) throw new Error('Chromium is not installed.')
  const engine = await home.runningEngine()
  const serve = spawn(process.execPath, [join(appFolder(), 'out/cli/mayfly.mjs'), 'serve', '--port', '0', '--json'], { env: home.env, stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = once(serve, 'exit')
  let browser: Browser | undefined
  const close = async (): Promise<void> => {
    await browser?.close()
    serve.kill('SIGTERM')
    await ended
  }
  try {
    const address = await announcedAddress(serve)
    const before = new Set(childrenOf(process.pid))
    browser = await chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0, args: [...browserFlags] })
    const own = childrenOf(process.pid).filter((pid) => !before.has(pid))
    const context = await browser.newContext({ viewport: windowSize })
    const page = await context.newPage()
    const debug = await context.newCDPSession(page)
    await page.goto(address)
    return {
      page,
      debug,
      cpuSeconds: () => [engine?.pid ?? 0, serve.pid ?? 0, ...own.flatMap(withDescendants)].reduce((sum, pid) => sum + cpuSecondsOf(pid), 0),
      openBlank: () => context.newPage(),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function announcedAddress(serve: ChildProcess): Promise<string> {
  let text = ''
  for await (const chunk of serve.stdout ?? []) {
    text += String(chunk)
    if (text.trimEnd().endsWith('}')) return (JSON.parse(text) as { address: string }).address
  }
  throw new Error('mayfly serve ended at once.')
}
