/** The serial console: what is typed there the guest gets, and its answer is on the screen. */
import { expect, test } from 'vitest'
import { until } from '../conformance/until.ts'
import type { Stage } from './stage.fixture.ts'

export function serialSpecs(stage: () => Stage): void {
  test('what is typed on the serial console is answered there', async () => {
    const { window, client, driver, home } = stage()
    await window.machine.tab('Console')
    await home.ready(client, 'alpha')
    await window.machine.serial.region.waitFor()
    await window.machine.serial.type('echo "the answer is $((6 * 7))"')
    await until(async () => (await window.machine.serial.text(driver.host)).includes('the answer is 42'), 'the answer is on the screen', 20_000)
    expect((await client.machine.log({ machine: 'alpha' })).text).toContain('the answer is 42')
  })

  test('what the guest writes draws letters and nothing else', async () => {
    const { window, client, driver, page } = stage()
    await window.machine.serial.type(String.raw`printf '<img src=x onerror=globalThis.hostile=1><b>bold</b>\033]0;owned\007\033]8;;javascript:globalThis.hostile=2\007link\033]8;;\007 end-of-it\n'`)
    await until(async () => /bold.*link end-of-it/.test(await window.machine.serial.text(driver.host)), 'it is on the screen', 20_000)
    expect(await page.evaluate('[globalThis.hostile, document.title]')).toEqual([undefined, 'Mayfly'])
    expect((await client.machine.list({})).map(({ state }) => state)).toEqual(['running'])
  })

  test('a guest that floods its serial port leaves the window and the engine at ease', async () => {
    const { window, client, driver, home } = stage()
    await window.machine.serial.type('yes flooding | head -c 100000; echo; echo flood-$((1 + 1))-over')
    await client.machine.wait({ machine: 'alpha', for: 'serial:flood-2-over', timeoutMs: 100_000 })
    await until(async () => (await window.machine.serial.text(driver.host)).includes('flood-2-over'), 'the end is on the screen', 60_000)
    expect(await home.sh(client, 'alpha', 'echo well')).toBe('well\n')
  }, 180_000)
}
