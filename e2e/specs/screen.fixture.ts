/** The screen console: the guest's pixels, and what one types on it. */
import { expect, test } from 'vitest'
import { until } from '../conformance/until.ts'
import type { Stage } from './stage.fixture.ts'

export function screenSpecs(stage: () => Stage): void {
  test('the guest’s screen is shown, changes as one types, and does what was typed', async () => {
    const { window, client, home, page } = stage()
    const { screen } = window.machine
    await until(async () => (await screen.look()).lit > 200, 'the guest has drawn its login', 30_000)
    const { width, height } = await screen.look()
    const picture = Buffer.from((await client.machine.screenshot({ machine: 'alpha' })).base64, 'base64')
    // IHDR: the engine's own picture has the same size.
    expect([picture.readUInt32BE(16), picture.readUInt32BE(20)]).toEqual([width, height])

    const before = await screen.look()
    await screen.type('touch /tmp/from-the-screen')
    await until(async () => (await screen.look()).sum !== before.sum, 'the picture changes')
    await until(async () => (await home.sh(client, 'alpha', 'ls /tmp')).includes('from-the-screen'), 'the guest got what was typed', 20_000)

    await screen.says.filter({ hasText: 'The guest has the keyboard. Ctrl Alt gives it back.' }).waitFor()
    await page.keyboard.down('Control')
    await page.keyboard.down('Alt')
    await page.keyboard.up('Alt')
    await page.keyboard.up('Control')
    await screen.says.filter({ hasText: 'The guest has the keyboard' }).waitFor({ state: 'hidden' })
  })
}
