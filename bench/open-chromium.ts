/** `mayfly serve` in a real Chromium. */
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import type { Browser } from 'playwright-core'
import { chromiumProgram, servePages } from '../e2e/drivers/served-pages.ts'
import type { BenchHome } from './bench-home.ts'
import { appFolder, browserFlags, windowSize } from './bench-window.ts'
import type { BenchWindow } from './bench-window.ts'
import { childrenOf, cpuSecondsOf, withDescendants } from './process-cpu.ts'

/** Joins the engine that runs; where none does, the server holds it. */
export async function openChromium(home: BenchHome): Promise<BenchWindow> {
  const executablePath = chromiumProgram()
  const engine = await home.runningEngine()
  const served = await servePages(join(appFolder(), 'out/cli/mayfly.mjs'), home.env)
  let browser: Browser | undefined
  const close = async (): Promise<void> => {
    await browser?.close()
    await served.close()
  }
  try {
    const before = new Set(childrenOf(process.pid))
    browser = await chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0, args: [...browserFlags] })
    const own = childrenOf(process.pid).filter((pid) => !before.has(pid))
    const context = await browser.newContext({ viewport: windowSize })
    const page = await context.newPage()
    const debug = await context.newCDPSession(page)
    await page.goto(served.address)
    return {
      page,
      debug,
      cpuSeconds: () => [engine?.pid ?? 0, served.pid, ...own.flatMap(withDescendants)].reduce((sum, pid) => sum + cpuSecondsOf(pid), 0),
      openBlank: () => context.newPage(),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
