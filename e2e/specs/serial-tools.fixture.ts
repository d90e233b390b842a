/** A terminal's tools, the logs of all four sources, and the facts of the overview. */
import { expect, test } from 'vitest'
import { until } from '../conformance/until.ts'
import type { Stage } from './stage.fixture.ts'

const machine = 'alpha'
const specMs = 120_000

export function serialToolSpecs(stage: () => Stage): void {
  const serial = () => stage().window.machine.serial
  const tool = (name: string) => serial().region.getByRole('button', { name, exact: true })
  const selected = (): Promise<string> => serial().text(stage().driver.host)
  const shows = (words: string): Promise<void> => until(async () => (await selected()).includes(words), `the terminal shows ${words}`, 30_000)

  test('what a terminal shows is searched, its letters grow, and its links lead out of the page', async () => {
    const { page, driver, window } = stage()
    await window.openMachine(machine)
    await window.machine.tab('Console')
    await page.getByRole('radiogroup', { name: 'Which console' }).getByText('Serial', { exact: true }).click()
    await serial().input.waitFor()
    await serial().type('clear; for word in needle-one needle-two hay; do echo "a $word b"; done; echo http://127.0.0.1:9/from-the-guest')
    await shows('http://127.0.0.1:9/from-the-guest')

    await serial().input.press('Control+Shift+F')
    const field = serial().region.getByRole('textbox', { name: 'Search' })
    await field.fill('needle-t')
    expect(await selected()).toBe('needle-t')
    await field.fill('needle-')
    const first = await selected()
    await field.press('Enter')
    expect([first, await selected()]).toEqual(['needle-', 'needle-'])
    await field.press('Escape')
    await field.waitFor({ state: 'detached' })
    await serial().region.locator('.xterm').click({ position: { x: 4, y: 4 } })

    const letters = (): Promise<number> => serial().region.locator('.xterm-screen').evaluate((screen: { getBoundingClientRect(): { readonly height: number } }) => screen.getBoundingClientRect().height)
    const rowsBefore = await letters()
    await tool('Larger letters').click()
    await tool('Larger letters').click()
    await until(async () => (await letters()) !== rowsBefore, 'the letters are another size')
    await tool('Smaller letters').click()
    await tool('Smaller letters').click()
    await until(async () => (await letters()) === rowsBefore, 'they are as before')

    // A browser opens it in a page of its own; the app asks first, here of somebody who says no.
    const asked = (): Promise<string[]> => (driver.app === undefined ? Promise.resolve(page.context().pages().filter((other) => other !== page).map((other) => other.url())) : driver.app.evaluate(() => (globalThis as { askedAbout?: string[] }).askedAbout ?? []))
    await driver.app?.evaluate(({ dialog }) => {
      const heard: string[] = []
      Object.assign(globalThis, { askedAbout: heard })
      dialog.showMessageBox = ((options: { readonly detail?: string }) => {
        heard.push(options.detail ?? '')
        return Promise.resolve({ response: 0, checkboxChecked: false })
      }) as typeof dialog.showMessageBox
    })
    await serial().type('clear; for i in 1 2 3 4 5 6 7 8; do echo http://127.0.0.1:9/from-the-guest; done')
    await shows('from-the-guest')
    const place = await serial().region.locator('.xterm-screen').boundingBox()
    if (place === null) throw new Error('The terminal has a place.')
    await until(async () => {
      // The terminal looks for links when the mouse comes to a line, which may still be empty the first time.
      await page.mouse.move(place.x + 60, place.y + 4)
      await page.mouse.move(place.x + 62, place.y + 62)
      return (await serial().region.locator('.xterm-cursor-pointer').count()) > 0
    }, 'the link is found under the mouse', 30_000)
    // Once: a page that opens later would stay in front of this one, which is then drawn once a second.
    await page.mouse.click(place.x + 62, place.y + 62)
    await until(async () => (await asked()).length > 0, 'the link was followed', 30_000)
    if (driver.app !== undefined) expect((await asked())[0]).toBe('http://127.0.0.1:9/from-the-guest')
    for (const other of page.context().pages()) if (driver.app === undefined && other !== page) await other.close()
  }, specMs)

  test('the palette opens over a console that holds the keyboard', async () => {
    const { page, window } = stage()
    await serial().input.focus()
    await page.keyboard.press('Control+k')
    await page.keyboard.press('Control+Shift+K')
    const palette = window.dialog('Find a machine or do anything')
    await palette.waitFor()
    await page.keyboard.press('Escape')
    await palette.waitFor({ state: 'hidden' })
    await page.getByRole('radiogroup', { name: 'Which console' }).getByText('Screen', { exact: true }).click()
    await window.machine.screen.picture.click()
    await page.keyboard.press('Control+Shift+K')
    await palette.waitFor()
    await page.keyboard.press('Escape')
    await palette.waitFor({ state: 'hidden' })
  })

  test('all four logs are there, searched, and followed until one goes up', async () => {
    const { page, window, home, client } = stage()
    await window.machine.tab('Log')
    const log = (name: string) => page.getByRole('log', { name })
    const choose = (name: string): Promise<void> => page.getByRole('radiogroup', { name: 'Which log' }).getByText(name, { exact: true }).click()
    await log('Events').getByText('alpha started.').first().waitFor()
    await choose('QEMU')
    await log('QEMU').waitFor()
    await choose('Monitor')
    await log('Monitor').getByText(/execute/).first().waitFor()
    await choose('Serial')
    await home.sh(client, machine, 'for i in $(seq 300); do echo "line $i of many"; done > /dev/ttyS0')
    await log('Serial').getByText('line 300 of many').waitFor({ timeout: 30_000 })

    const follow = page.getByRole('switch', { name: 'Follow' })
    await log('Serial').focus()
    await page.keyboard.press('Control+Home')
    await page.keyboard.press('Home')
    await until(async () => !(await follow.isChecked()), 'it follows no more')
    await home.sh(client, machine, 'echo one-more-line > /dev/ttyS0')
    await until(async () => (await log('Serial').getByText('one-more-line').count()) === 0, 'what one reads stays')
    await until(async () => {
      await page.keyboard.press('End')
      return follow.isChecked()
    }, 'it follows again')
    await log('Serial').getByText('one-more-line').waitFor()

    await page.getByRole('textbox', { name: 'Search this log' }).fill('line 77 of')
    await log('Serial').locator('mark').filter({ hasText: 'line 77 of' }).waitFor()
    expect(await log('Serial').locator('.log-line').count()).toBe(1)
  }, specMs)

  test('the overview draws what is measured, keeps notes and tags, and says what disks take', async () => {
    const { page, window, client } = stage()
    await window.machine.tab('Overview')
    for (const name of ['CPU', 'Memory', 'Disk', 'Network']) await page.getByRole('img', { name: `${name} over time` }).waitFor({ timeout: 30_000 })
    await window.machine.panel.getByText('10.0.2.15').waitFor()
    await page.getByRole('textbox', { name: 'Notes', exact: true }).fill('Never delete this one.')
    await page.getByRole('heading', { level: 1 }).click()
    await until(async () => (await client.machine.show({ machine })).config?.notes === 'Never delete this one.', 'the notes are kept')
    await page.getByRole('textbox', { name: 'Add a tag' }).fill('kept')
    await page.keyboard.press('Enter')
    await stage().engineSays(machine, 'has the tag', ({ tags }) => tags.includes('kept'))
    await page.getByRole('button', { name: 'Remove the tag kept' }).click()
    await stage().engineSays(machine, 'has no tag', ({ tags }) => tags.length === 0)
    await window.machine.panel.getByRole('listitem').filter({ hasText: /disk0.* of .*layer/ }).waitFor()
  }, specMs)
}
