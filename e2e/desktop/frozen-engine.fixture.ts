/** An engine that is alive but does not answer: the window and the browser say so, and take its place when they are told to. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { connectEngine } from '../../hosts/socket/client.ts'
import { hostEnvironment } from '../drivers/driver.fixture.ts'
import { bothHosts, ownHome } from '../drivers/both-hosts.fixture.ts'
import { until } from '../conformance/until.ts'

const command = fileURLToPath(new URL('../../out/cli/mayfly.mjs', import.meta.url))
/** The page asks every ten seconds whether the engine answers. */
const noticedWithinMs = 40_000

export function frozenEngineSpecs(): void {
  test.for(bothHosts)('in %s an engine that was stopped in its tracks is told, and replaced by one press', { concurrent: true, timeout: 120_000 }, async ([_name, holder, launch], { onTestFinished }) => {
    const home = await ownHome(onTestFinished)
    const engine = spawn(process.execPath, [command, 'engine', 'run'], { env: hostEnvironment(home), stdio: ['ignore', 'ignore', 'pipe'] })
    const ended = once(engine, 'exit')
    onTestFinished(async () => {
      engine.kill('SIGKILL')
      await ended
    })
    await once(engine.stderr, 'data')
    const driver = await launch({ home })
    onTestFinished(() => driver.close())
    await driver.page.getByRole('heading', { level: 1 }).waitFor()

    engine.kill('SIGSTOP')
    const line = driver.page.getByRole('status').filter({ hasText: 'does not answer' })
    await line.waitFor({ timeout: noticedWithinMs })
    await line.getByRole('button', { name: 'Restart the engine' }).click()
    await line.waitFor({ state: 'hidden', timeout: noticedWithinMs })
    expect(await ended).toEqual([null, 'SIGKILL'])

    const next = connectEngine(join(home, 'run', 'engine.sock'))
    onTestFinished(() => next.close())
    await until(async () => (await next.client.engine.info({}).catch(() => undefined))?.holder === holder, 'this host holds the engine now')
    await next.client.machine.create({ name: 'made afterwards' })
    await driver.page.getByText('made afterwards').first().waitFor()
  })
}
