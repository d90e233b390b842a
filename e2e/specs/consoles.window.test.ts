/** The consoles at close quarters, in both hosts, one after the other on one guest. */
import { afterAll, beforeAll, describe, test } from 'vitest'
import { until } from '../conformance/until.ts'
import { launchBrowser, launchChromium } from '../drivers/chromium.fixture.ts'
import { launchElectron } from '../drivers/electron.fixture.ts'
import { ScreenConsole } from '../pages/screen-console.ts'
import { closeUpSpecs, specMs } from './close-up.fixture.ts'
import { Stage } from './stage.fixture.ts'

const bootPatienceMs = 240_000
const machine = 'guest'
const denseWindow = 1.25
let stage: Stage

async function lookAtScreen(): Promise<void> {
  await stage.window.openMachine(machine)
  await stage.page.getByRole('radiogroup', { name: 'Which console' }).getByText('Screen', { exact: true }).click()
  await stage.window.machine.screen.picture.waitFor()
  // Its own driver of the graphics card: then there is a frame buffer to draw into.
  await until(async () => (await stage.home.sh(stage.client, machine, 'cat /proc/fb')).includes('virtio'), 'the guest has its graphics driver', 60_000)
}

beforeAll(async () => {
  stage = await Stage.open(launchChromium)
  await stage.home.bootTiny(stage.client, machine, { memoryMiB: 256 })
}, bootPatienceMs)
afterAll(() => stage.close())

describe('in a browser', () => {
  beforeAll(lookAtScreen, 120_000)

  // Before any other size was asked for: a guest that begins anew would take it.
  test('screen and serial come back by themselves: after a reset of the guest, and after another engine has come', async () => {
    const { page, window } = stage
    await page.getByRole('radiogroup', { name: 'Which console' }).getByText('Both', { exact: true }).click()
    await window.machine.serial.input.waitFor()
    await stage.client.machine.reset({ machine })
    await stage.home.ready(stage.client, machine)
    await window.machine.serial.type('echo after-the-reset-$((1 + 1))')
    await until(async () => (await window.machine.serial.text('chromium')).includes('after-the-reset-2'), 'the serial console goes on', 30_000)

    await stage.home.killEngine(stage.client)
    await stage.engineAgain()
    await window.machine.screen.says.filter({ hasText: /\d+ × \d+/ }).waitFor({ timeout: 30_000 })
    await until(async () => {
      await window.machine.serial.type('echo with-another-$((2 + 2))')
      return (await window.machine.serial.text('chromium')).includes('with-another-4')
    }, 'the serial console is connected to the new engine', 30_000)
    const before = await window.machine.screen.look()
    await stage.home.sh(stage.client, machine, 'echo drawn > /dev/tty1; chvt 1')
    await until(async () => (await window.machine.screen.look()).sum !== before.sum, 'the screen goes on', 30_000)
    await page.getByRole('heading', { level: 1, name: machine }).waitFor()
    await lookAtScreen()
  }, specMs)

  closeUpSpecs(() => stage, machine, {
    densities: [1.25, 2],
    // The same page of the same session, in a browser of its own.
    onScreen: async (density) => {
      const browser = await launchBrowser([`--force-device-scale-factor=${density}`, '--window-size=1900,1100'])
      const context = await browser.newContext({ storageState: await stage.page.context().storageState(), viewport: null })
      const page = await context.newPage()
      await page.goto(stage.page.url())
      const screen = new ScreenConsole(page)
      await screen.picture.waitFor()
      return { page, screen, close: () => browser.close() }
    },
    beside: async () => {
      const page = await stage.page.context().newPage()
      await page.goto(stage.page.url())
      return { page, close: () => page.close() }
    },
  })
})

describe('in the window', () => {
  beforeAll(async () => {
    await stage.moveTo((options) => launchElectron({ ...options, density: denseWindow }))
    // Room for all pixels of the guest.
    await stage.driver.app?.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setBounds({ x: 0, y: 0, width: 1600, height: 1100 }))
    await lookAtScreen()
  }, 120_000)

  closeUpSpecs(() => stage, machine, {
    densities: [denseWindow],
    // The window stands on such a screen.
    onScreen: () => Promise.resolve({ page: stage.page, screen: stage.window.machine.screen, close: () => Promise.resolve() }),
    // Whoever looks at it in a browser meanwhile.
    beside: async () => {
      const browser = await launchChromium({ home: stage.home.root })
      await browser.page.goto(`${browser.origin}${new URL(stage.page.url()).pathname}`)
      return { page: browser.page, close: () => browser.close() }
    },
  })
})
