/** Who holds the engine when a window is open, and what becomes of the window when it goes. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { pageOrigin } from '../../contract/wire/desktop-bridge.ts'
import type { EngineConnection } from '../../engine/engine-face.ts'
import { connectEngine } from '../../hosts/socket/client.ts'
import { bundleForPage } from '../conformance/bundle.ts'
import { pageConnection } from '../conformance/page-connection.ts'
import { until } from '../conformance/until.ts'
import { hostEnvironment } from '../drivers/driver.fixture.ts'
import { launchElectron } from '../drivers/electron.fixture.ts'
import type { ElectronDriver } from '../drivers/electron.fixture.ts'

const command = fileURLToPath(new URL('../../out/cli/mayfly.mjs', import.meta.url))
let home: string
const cleanups: (() => unknown)[] = []

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'mayfly-eng-'))
  cleanups.push(() => rm(home, { recursive: true }))
})

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** The engine as the page in the window reaches it. */
async function pageOf(driver: ElectronDriver): Promise<EngineConnection> {
  await driver.page.goto(`${pageOrigin}/bare.txt`)
  return pageConnection(driver.page, await bundleForPage('e2e/conformance/page-relay.ts'))
}

async function openWindow(): Promise<ElectronDriver> {
  const driver = await launchElectron({ home })
  cleanups.push(() => driver.close())
  return driver
}

/** An engine in the foreground, held by a process of its own. */
async function runEngine() {
  const child = spawn(process.execPath, [command, 'engine', 'run'], { env: hostEnvironment(home), stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(child, 'exit')
  await once(child.stderr, 'data')
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal)
    await ended
  }
  cleanups.push(() => stop('SIGTERM'))
  return { pid: child.pid, stop }
}

test('a window holds the engine where nobody does, and gives it back when it quits', async () => {
  const driver = await launchElectron({ home })
  const { client } = await pageOf(driver)
  expect(await client.engine.info({})).toMatchObject({ holder: 'window' })
  const other = connectEngine(join(home, 'run', 'engine.sock'))
  expect(await other.hello({ timeoutMs: 5000 })).toMatchObject({ holder: 'window' })
  await expect(other.shutdown()).rejects.toMatchObject({ code: 'conflict', details: { state: 'window' } })
  await other.close()
  // As a desktop ends it with the session.
  const ended = once(driver.app.process(), 'exit')
  driver.app.process().kill('SIGTERM')
  expect(await ended).toEqual([0, null])
  await driver.close()
  const lock = await readFile(join(home, 'data', 'engine.lock'), 'utf8')
  expect(lock).toBe('')
})

test('a window that finds an engine is its client; when that one is killed, the window goes on with its own', async () => {
  const engine = await runEngine()
  const driver = await openWindow()
  const { client } = await pageOf(driver)
  expect(await client.engine.info({})).toMatchObject({ holder: 'cli', pid: engine.pid })
  const events = await client.events.watch({})
  expect(await events.next()).toMatchObject({ value: { type: 'snapshot' } })
  const broken = events.next().then(() => 'an event', (error: unknown) => error)

  await engine.stop('SIGKILL')
  expect(await broken).toMatchObject({ code: 'host-unavailable' })
  await until(async () => (await client.engine.info({}).catch(() => undefined))?.holder === 'window', 'the window holds the engine')
  const again = await client.events.watch({})
  expect(await again.next()).toMatchObject({ value: { type: 'snapshot' } })
})

test('a window that is a client says so, and of whom, until that is put away', async () => {
  const engine = await runEngine()
  const driver = await openWindow()
  const { page } = driver
  const line = page.getByRole('status').filter({ hasText: `This window is a client of the engine in the background, process ${engine.pid}.` })
  await line.waitFor()
  await line.getByRole('button', { name: 'Dismiss' }).click()
  await line.waitFor({ state: 'detached' })
  await page.reload()
  await page.getByRole('heading', { level: 1 }).waitFor()
  await until(async () => (await page.evaluate('localStorage.getItem("mayfly.client-of")')) === '["cli"]', 'it is remembered')

  // Now it holds the engine itself, which needs no words.
  await page.evaluate('localStorage.clear()')
  await page.reload()
  await line.waitFor()
  await engine.stop('SIGTERM')
  await line.waitFor({ state: 'detached' })
})

test('closing the window quits where no machine runs, and its place is remembered', async () => {
  const driver = await launchElectron({ home })
  const place = { x: 40, y: 50, width: 900, height: 620 }
  await driver.app.evaluate(({ BrowserWindow }, bounds) => BrowserWindow.getAllWindows()[0]?.setBounds(bounds), place)
  const bounds = () => driver.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getNormalBounds())
  await until(async () => JSON.stringify(await bounds()) === JSON.stringify(place), 'the window is in its place')
  const closed = driver.app.waitForEvent('close')
  await driver.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close())
  await closed
  await driver.close()
  expect(JSON.parse(await readFile(join(home, 'config', 'window.json'), 'utf8'))).toMatchObject({ bounds: place, maximized: false })
  const next = await openWindow()
  expect(await next.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getBounds())).toEqual(place)
})
