/** The pages open in both hosts, under their policy, and reach the engine; what was stored by one is found by the other. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { connectEngine } from '../../hosts/socket/client.ts'
import { until } from '../conformance/until.ts'
import { launchChromium } from '../drivers/chromium.fixture.ts'
import type { Driver, LaunchOptions } from '../drivers/driver.fixture.ts'
import { launchElectron } from '../drivers/electron.fixture.ts'

let home: string
const cleanups: (() => unknown)[] = []

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'mayfly-open-'))
  cleanups.push(() => rm(home, { recursive: true }))
})

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const hosts: readonly [name: string, holder: string, launch: (options: LaunchOptions) => Promise<Driver>][] = [
  ['the window', 'window', launchElectron],
  ['a browser', 'serve', launchChromium],
]

describe.each(hosts)('in %s', (_name, holder, launch) => {
  test('the page opens, breaks none of its rules, and follows the engine', async () => {
    const driver = await launch({ home })
    cleanups.push(() => driver.close())
    const { page } = driver
    const complaints: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.reload()
    expect(await page.title()).toBe('Mayfly')
    await until(async () => (await page.locator('body').innerText()).trim() !== '', 'the page shows something')

    const engine = connectEngine(join(home, 'run', 'engine.sock'))
    cleanups.push(() => engine.close())
    expect(await engine.client.engine.info({})).toMatchObject({ holder })
    await engine.client.machine.create({ name: 'seen by everybody' })
    await page.getByText('seen by everybody').first().waitFor({ timeout: 15_000 })
    expect(complaints).toEqual([])
  })
})
