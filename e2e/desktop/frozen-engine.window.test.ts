/** An engine that is alive but does not answer: the window and the browser say so, and take its place when they are told to. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { connectEngine } from '../../hosts/socket/client.ts'
import { launchChromium } from '../drivers/chromium.fixture.ts'
import { hostEnvironment } from '../drivers/driver.fixture.ts'
import type { Driver, LaunchOptions } from '../drivers/driver.fixture.ts'
import { launchElectron } from '../drivers/electron.fixture.ts'
import { until } from '../conformance/until.ts'

const command = fileURLToPath(new URL('../../out/cli/mayfly.mjs', import.meta.url))
/** The page asks every ten seconds whether the engine answers. */
const noticedWithinMs = 40_000
let home: string
const cleanups: (() => unknown)[] = []

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'mayfly-frozen-'))
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
  test('an engine that was stopped in its tracks is told, and replaced by one press', async () => {
    const engine = spawn(process.execPath, [command, 'engine', 'run'], { env: hostEnvironment(home), stdio: ['ignore', 'ignore', 'pipe'] })
    const ended = once(engine, 'exit')
    cleanups.push(async () => {
      engine.kill('SIGKILL')
      await ended
    })
    await once(engine.stderr, 'data')
    const driver = await launch({ home })
    cleanups.push(() => driver.close())
    await driver.page.getByRole('heading', { level: 1 }).waitFor()

    engine.kill('SIGSTOP')
    const line = driver.page.getByRole('status').filter({ hasText: 'does not answer' })
    await line.waitFor({ timeout: noticedWithinMs })
    await line.getByRole('button', { name: 'Restart the engine' }).click()
    await line.waitFor({ state: 'hidden', timeout: noticedWithinMs })
    expect(await ended).toEqual([null, 'SIGKILL'])

    const next = connectEngine(join(home, 'run', 'engine.sock'))
    cleanups.push(() => next.close())
    await until(async () => (await next.client.engine.info({}).catch(() => undefined))?.holder === holder, 'this host holds the engine now')
    await next.client.machine.create({ name: 'made afterwards' })
    await driver.page.getByText('made afterwards').first().waitFor()
  }, 120_000)
})
