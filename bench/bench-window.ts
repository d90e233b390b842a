/** Mayfly's pages in a real Chromium, on the bench's own engine: what the figures of the window are measured in. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import type { Browser, CDPSession, Page } from 'playwright-core'
import { nativeFolder } from '../engine/native.ts'
import type { Bench } from './bench.ts'

const installed = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

export interface BenchWindow {
  readonly page: Page
  readonly debug: CDPSession
  /** CPU seconds of the server, the engine and the browser with all its processes, since each began. */
  cpuSeconds(): Promise<number>
  close(): Promise<void>
}

export async function openWindow(bench: Bench): Promise<BenchWindow> {
  const executablePath = process.env['MAYFLY_CHROMIUM'] ?? installed.find((path) => existsSync(path))
  if (executablePath === undefined) throw new Error('Chromium is not installed.')
  const engine = await bench.home.engineProcess()
  const serve = spawn(process.execPath, [join(nativeFolder(), '..', 'cli', 'mayfly.mjs'), 'serve', '--port', '0', '--json'], { env: bench.home.env, stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = once(serve, 'exit')
  let browser: Browser | undefined
  const close = async (): Promise<void> => {
    await browser?.close()
    serve.kill('SIGTERM')
    await ended
  }
  try {
    const address = await announcedAddress(serve)
    const before = new Set(children(process.pid))
    browser = await chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0, args: ['--use-angle=swiftshader', '--enable-unsafe-swiftshader'] })
    const own = children(process.pid).filter((pid) => !before.has(pid))
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    const debug = await page.context().newCDPSession(page)
    await page.goto(address)
    await page.getByRole('navigation', { name: 'Main' }).waitFor()
    const cpuSeconds = (): Promise<number> => Promise.resolve([engine.pid, serve.pid ?? 0, ...own.flatMap(withDescendants)].reduce((sum, pid) => sum + cpuSecondsOf(pid), 0))
    return { page, debug, cpuSeconds, close }
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

/** Fields of /proc/PID/stat after the name (proc(5)): state is the first, the parent the second. */
function statOf(pid: number): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return []
  }
}

function children(of: number): number[] {
  return readdirSync('/proc').map(Number).filter((pid) => Number.isInteger(pid) && Number(statOf(pid)[1]) === of)
}

function withDescendants(pid: number): number[] {
  return [pid, ...children(pid).flatMap(withDescendants)]
}

/** User and system time; Linux counts it in hundredths everywhere. */
function cpuSecondsOf(pid: number): number {
  const stat = statOf(pid)
  return stat.length === 0 ? 0 : (Number(stat[11]) + Number(stat[12])) / 100
}
