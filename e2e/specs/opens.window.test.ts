/** The pages open in both hosts, under their policy, and reach the engine; what was stored by one is found by the other. */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { connectEngine } from '../../hosts/socket/client.ts'
import { until } from '../conformance/until.ts'
import { bothHosts, ownHomes } from '../drivers/both-hosts.fixture.ts'

const home = ownHomes()

describe.each(bothHosts)('in %s', (_name, holder, launch) => {
  test('the page opens, breaks none of its rules, and follows the engine', async () => {
    const driver = await launch({ home: home.folder })
    home.afterwards(() => driver.close())
    const { page } = driver
    const complaints: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.reload()
    expect(await page.title()).toBe('Mayfly')
    await until(async () => (await page.locator('body').innerText()).trim() !== '', 'the page shows something')

    const engine = connectEngine(join(home.folder, 'run', 'engine.sock'))
    home.afterwards(() => engine.close())
    expect(await engine.client.engine.info({})).toMatchObject({ holder })
    await engine.client.machine.create({ name: 'seen by everybody' })
    await page.getByText('seen by everybody').first().waitFor({ timeout: 15_000 })
    expect(complaints).toEqual([])
  })
})
