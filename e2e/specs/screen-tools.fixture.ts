/** What stands over a screen and around it: pausing, pasting, recording, keys, full screen, windows of its own. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { until } from '../conformance/until.ts'
import { ScreenConsole } from '../pages/screen-console.ts'
import type { Stage } from './stage.fixture.ts'

const machine = 'alpha'
const specMs = 120_000

/** The page's keyboard does what it does, and what it was asked is kept. */
const lockKept = `{
  const lock = navigator.keyboard.lock.bind(navigator.keyboard), unlock = navigator.keyboard.unlock.bind(navigator.keyboard)
  globalThis.keyboardIs = []
  navigator.keyboard.lock = (...keys) => (keyboardIs.push('locked'), lock(...keys))
  navigator.keyboard.unlock = () => (keyboardIs.push('free'), unlock())
}`

/** What both reach for. */
function handles(stage: () => Stage) {
  const guest = (line: string): Promise<string> => stage().home.sh(stage().client, machine, line)
  const screen = (): ScreenConsole => stage().window.machine.screen
  const tool = (name: string) => screen().region.getByRole('button', { name, exact: true })
  const holds = (): Promise<void> => screen().says.filter({ hasText: 'The guest has the keyboard' }).first().waitFor()
  /** A terminal in front that keeps what is typed on it; each its own, or two would share the keys. */
  const typedIn = async (terminal: number, file: string): Promise<void> => {
    await guest(`setsid sh -c "exec < /dev/tty${terminal}; stty -icanon -echo iutf8; : > ${file}.ready; exec cat > ${file}" > /dev/null 2>&1 & until [ -e ${file}.ready ]; do sleep 0.1; done; chvt ${terminal}`)
  }
  return { guest, screen, tool, holds, typedIn }
}

export function screenToolSpecs(stage: () => Stage): void {
  const { guest, screen, tool, holds, typedIn } = handles(stage)
  const put = (content: string): Promise<unknown> => stage().page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(content)})`)

  test('Start stands on the screen of a machine that is off', async () => {
    const { window, page, home, client } = stage()
    await client.machine.create({ name: machine, image: 'tiny', memoryMiB: 256 })
    await window.openMachine(machine)
    await page.getByRole('radiogroup', { name: 'Which console' }).getByText('Screen', { exact: true }).click()
    await screen().region.getByText('Stopped', { exact: true }).waitFor()
    await tool('Start alpha').click()
    await stage().engineSays(machine, 'runs', ({ state }) => state === 'running')
    await home.ready(client, machine)
    await screen().says.filter({ hasText: /\d+ × \d+/ }).waitFor({ timeout: 60_000 })
    await tool('Start alpha').waitFor({ state: 'detached' })
  }, specMs)

  test('a paused guest says so on its screen and is resumed there', async () => {
    await stage().client.machine.pause({ machine })
    await screen().region.getByText('Paused', { exact: true }).waitFor()
    await tool('Resume alpha').click()
    await stage().engineSays(machine, 'runs', ({ state }) => state === 'running')
    await tool('Resume alpha').waitFor({ state: 'detached' })
  })

  test('a long text is shown before it is typed, says how far it is, ends at Esc, and gives back what was not typed', async () => {
    const { page, window } = stage()
    await typedIn(9, '/tmp/pasted')
    const long = `begin ${'0123456789'.repeat(400)} end`
    await put(long)
    await tool('Paste').click()
    const dialog = window.dialog('Type into the guest')
    expect(await dialog.getByRole('textbox').inputValue()).toBe(long)
    await dialog.getByText('4,010 characters, about 49 s. Esc stops.').waitFor()
    await dialog.getByRole('button', { name: 'Type it' }).click()
    await screen().says.filter({ hasText: /^Typing, \d+ of 4,010 characters/ }).waitFor()
    await until(async () => (await guest('cat /tmp/pasted')).length > 20, 'some of it is there')
    await page.keyboard.press('Escape')
    await window.toast(/characters were not typed/).getByRole('button', { name: 'Show the rest' }).click()
    const rest = await dialog.getByRole('textbox').inputValue()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await until(async () => (await guest('cat /tmp/pasted')) + rest === long, 'what was typed and the rest are the text')
    expect(rest.length).toBeGreaterThan(1000)
  }, specMs)

  test('keys a window keeps for itself are sent by name, and own ones are kept with the machine', async () => {
    const { page, window } = stage()
    const inFront = (number: number): Promise<void> => until(async () => (await guest('cat /sys/class/tty/tty0/active')).trim() === `tty${number}`, `terminal ${number} is in front`)
    // Linux comes to a terminal by its keys once it was opened.
    await guest(': > /dev/tty2; : > /dev/tty3')
    await tool('Keys').click()
    await page.getByRole('menuitem', { name: 'Ctrl+Alt+F2' }).click()
    await inFront(2)
    await tool('Keys').click()
    await page.getByRole('menuitem', { name: 'Other keys…' }).click()
    const dialog = window.dialog('Press other keys')
    await dialog.getByRole('textbox').fill('ctrl+nonsense')
    await page.keyboard.press('Enter')
    await dialog.getByRole('alert').filter({ hasText: 'Write key names with + between them' }).waitFor()
    await dialog.getByRole('textbox').fill('ctrl+alt+f3')
    await page.keyboard.press('Enter')
    await inFront(3)
    await guest('chvt 1')
    await page.reload()
    await screen().says.filter({ hasText: /\d+ × \d+/ }).waitFor({ timeout: 30_000 })
    await tool('Keys').click()
    await page.getByText('Own, kept with this machine').waitFor()
    await page.getByRole('menuitem', { name: 'ctrl+alt+f3' }).click()
    await inFront(3)
    await guest('chvt 1')
  }, specMs)

  test('pictures a second and the delay are told on demand', async () => {
    const { page } = stage()
    const choose = async (): Promise<void> => {
      await screen().region.getByRole('button', { name: /^Size of the picture/ }).click()
      await page.getByRole('menuitemcheckbox', { name: 'Show pictures a second and delay' }).click()
    }
    await choose()
    await screen().region.getByText(/\d+ pictures? a second/).waitFor()
    await choose()
    await screen().region.getByText(/\d+ pictures? a second/).waitFor({ state: 'detached' })
  })

  test('on the whole screen the guest gets every key, and it is said how to leave', async () => {
    const { page } = stage()
    await page.evaluate(lockKept)
    await tool('Full screen').click()
    await screen().says.filter({ hasText: 'Hold Esc to leave full screen.' }).first().waitFor()
    const fills = await screen().region.evaluate((element: { getBoundingClientRect(): { readonly width: number; readonly height: number } }) => {
      const { width, height } = element.getBoundingClientRect()
      // As far as it is used; these files know no DOM.
      const host = globalThis as unknown as { readonly innerWidth: number; readonly innerHeight: number }
      return [width === host.innerWidth, height === host.innerHeight]
    })
    expect([fills, await page.evaluate('keyboardIs')]).toEqual([[true, true], ['locked']])
    // Menus stand over it.
    await tool('Keys').click()
    await page.getByRole('menuitem', { name: 'Ctrl+Alt+Del' }).waitFor()
    await page.keyboard.press('Escape')
    await screen().picture.click()
    await holds()
    await tool('Leave full screen').click()
    await tool('Full screen').waitFor()
    expect(await page.evaluate('[document.fullscreenElement === null, keyboardIs]')).toEqual([true, ['locked', 'free']])
  })

  test('a screen stands in windows of its own, several at once, and all are typed on', async () => {
    const { page, driver } = stage()
    await typedIn(10, '/tmp/popped')
    const open = async (): Promise<Page> => {
      const next = driver.app === undefined ? page.context().waitForEvent('page') : driver.app.waitForEvent('window')
      await tool('In a window of its own').click()
      return next
    }
    const windows = [await open(), await open()]
    for (const [index, popped] of windows.entries()) {
      const own = new ScreenConsole(popped)
      await own.says.filter({ hasText: /\d+ × \d+/ }).waitFor({ timeout: 30_000 })
      await own.picture.click()
      await popped.keyboard.type(`window${index}`, { delay: 30 })
    }
    await until(async () => (await guest('cat /tmp/popped')).includes('window0window1'), 'the guest got what was typed in both')
    for (const popped of windows) await popped.close()
    await guest('chvt 1')
  }, specMs)

  test('a screenshot becomes a file, and what the clipboard holds', async () => {
    const { page, window, driver, home } = stage()
    await tool('Screenshot').click()
    const { path } = await driver.savedFile(join(home.root, 'shot.png'), () => page.getByRole('menuitem', { name: 'Save screenshot' }).click())
    const png = await readFile(path)
    const { width, height } = await screen().look()
    expect([png.subarray(1, 4).toString(), png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual(['PNG', width, height])
    await tool('Screenshot').click()
    await page.getByRole('menuitem', { name: 'Copy screenshot' }).click()
    await window.toast('The screenshot is in the clipboard').waitFor()
    expect(await page.evaluate('navigator.clipboard.read().then((items) => items[0].types)')).toContain('image/png')
  })
}

/** Kills the engine under the page: last. */
export function screenReturnsSpec(stage: () => Stage): void {
  const { guest, screen, tool, holds, typedIn } = handles(stage)
  test('the keyboard is the guest’s again after its screen was away, and a film ends with the screen it is of', async () => {
    const { page, driver, home } = stage()
    await typedIn(11, '/tmp/after')
    await stage().window.openMachine(machine)
    await stage().window.machine.tab('Console')
    await page.getByRole('radiogroup', { name: 'Which console' }).getByText('Screen', { exact: true }).click()
    await screen().says.filter({ hasText: /\d+ × \d+/ }).waitFor({ timeout: 30_000 })
    await tool('Record').click()
    await screen().picture.click()
    await holds()
    await screen().region.getByText('Recording', { exact: true }).waitFor()
    await guest('for i in 1 2 3 4 5 6; do echo $i > /dev/tty11; sleep 0.5; done')
    const film = driver.savedFile(join(home.root, 'film.webm'), async () => (await stage().withoutEngine())())
    expect((await readFile((await film).path)).length).toBeGreaterThan(1000)
    await tool('Record').waitFor({ timeout: 30_000 })
    await holds()
    // A slash is a key of the page, where a console does not have the keyboard.
    await until(async () => {
      await page.keyboard.type('/still/', { delay: 30 })
      return (await guest('cat /tmp/after')).includes('/still/')
    }, 'the guest got what was typed', 30_000)
    expect(await page.evaluate('document.activeElement.tagName')).toBe('CANVAS')
    await guest('chvt 1')
  }, specMs)
}
