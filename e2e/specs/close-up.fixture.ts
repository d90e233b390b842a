/** The consoles at close quarters, in whichever host: pixels, a German keyboard, the clipboard, films. One guest serves all. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CDPSession, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { until } from '../conformance/until.ts'
import { launchBrowser } from '../drivers/chromium.fixture.ts'
import type { ScreenConsole } from '../pages/screen-console.ts'
import { SerialConsole } from '../pages/serial-console.ts'
import { GermanGuest } from './german-guest.fixture.ts'
import { GuestClipboard } from './guest-clipboard.fixture.ts'
import type { Stage } from './stage.fixture.ts'

/** Two browsers and a guest that paints share what cores there are. */
export const specMs = 150_000

/** What a host does in a way of its own. */
export interface CloseUp {
  readonly densities: readonly number[]
  /** The guest's screen on one of another density: a real one, since an emulated one is laid out otherwise. */
  readonly onScreen: (density: number) => Promise<{ readonly page: Page; readonly screen: ScreenConsole; readonly close: () => Promise<void> }>
  /** Another who looks at the same place. */
  readonly beside: () => Promise<{ readonly page: Page; readonly close: () => Promise<void> }>
}

async function chooseSize(page: Page, choice: string): Promise<void> {
  await page.getByRole('button', { name: /^Size of the picture/ }).click()
  await page.getByRole('menuitemradio', { name: choice }).click()
  await page.getByRole('menu').waitFor({ state: 'hidden' })
  // The keyboard has left the menu, and nothing moves.
  await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))')
}

/** As far as they are used; these files know no DOM. */
interface Picture {
  readonly width: number
  readonly height: number
  getContext(kind: '2d'): { drawImage(image: unknown, x: number, y: number): void; getImageData(x: number, y: number, width: number, height: number): { readonly data: Uint8ClampedArray } }
}
interface ShownPicture extends Picture {
  getBoundingClientRect(): { readonly left: number; readonly top: number; readonly width: number; readonly height: number }
}

/** How many of the guest's pixels are another colour on the screen's own pixels, and how large both pictures are. */
async function compare(page: Page, screen: ScreenConsole): Promise<{ guest: number[]; shown: number[]; different: number }> {
  // Of the whole page, for one of an element begins and ends at whole CSS pixels.
  const shot = (await page.screenshot()).toString('base64')
  return screen.picture.evaluate(async (guest: ShownPicture, base64) => {
    // As far as it is used; these files know no DOM.
    const host = globalThis as unknown as { readonly devicePixelRatio: number; createImageBitmap(blob: Blob): Promise<{ width: number; height: number }>; OffscreenCanvas: new (width: number, height: number) => Picture }
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
    const bitmap = await host.createImageBitmap(new Blob([bytes], { type: 'image/png' }))
    const drawn = new host.OffscreenCanvas(bitmap.width, bitmap.height)
    drawn.getContext('2d').drawImage(bitmap, 0, 0)
    const place = guest.getBoundingClientRect()
    const [left = 0, top = 0, across = 0, down = 0] = [place.left, place.top, place.width, place.height].map((length) => Math.round(length * host.devicePixelRatio))
    const { width, height } = guest
    const one = guest.getContext('2d').getImageData(0, 0, width, height).data
    const other = drawn.getContext('2d').getImageData(left, top, width, height).data
    let different = 0
    for (let at = 0; at < one.length; at += 4) if (one[at] !== other[at] || one[at + 1] !== other[at + 1] || one[at + 2] !== other[at + 2]) different++
    return { guest: [width, height], shown: [across, down], different }
  }, shot)
}

/** Keys as a German keyboard makes them: `code` is the place, `key` the letter on it. */
async function press(keyboard: CDPSession, code: string, key: string, held: 'AltGr' | 'Shift' | '' = ''): Promise<void> {
  const hold = held === 'Shift' ? { code: 'ShiftLeft', key: 'Shift', modifiers: 8 } : { code: 'AltRight', key: 'AltGraph', modifiers: 0 }
  if (held !== '') await keyboard.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...hold })
  const modifiers = held === 'Shift' ? 8 : 0
  await keyboard.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', code, key, modifiers })
  await keyboard.send('Input.dispatchKeyEvent', { type: 'keyUp', code, key, modifiers })
  if (held !== '') await keyboard.send('Input.dispatchKeyEvent', { type: 'keyUp', code: hold.code, key: hold.key, modifiers: 0 })
}

/** The guest `machine` runs, with a frame buffer to draw into, and its screen is shown. */
export function closeUpSpecs(stage: () => Stage, machine: string, place: CloseUp): void {
  test.each(place.densities)('at a density of %s, 1:1 is a pixel of the screen for a pixel of the guest', async (density) => {
    await stage().home.sh(stage().client, machine, 'chvt 9; echo -e "\\033[?25l" > /dev/tty9; sleep 1; head -c 4096000 /dev/urandom > /dev/fb0')
    const { page, screen, close } = await place.onScreen(density)
    expect(await page.evaluate('devicePixelRatio')).toBe(density)
    await chooseSize(page, 'Pixel for pixel')
    await until(async () => (await screen.look()).lit > 100_000, 'the guest’s pixels are there', 30_000)
    const exact = await compare(page, screen)
    const { width, height } = await screen.look()
    expect(exact).toEqual({ guest: [width, height], shown: [width, height], different: 0 })
    // As large as there is room, and every pixel of the guest still counts.
    await chooseSize(page, 'Fit the view')
    const fit = await compare(page, screen)
    expect(fit.shown[0]).not.toBe(width)
    await close()
  }, specMs)

  test('the guest takes the size of the view, in pixels of the screen', async () => {
    const { page, screen, close } = await place.onScreen(1.25)
    expect(await page.evaluate('devicePixelRatio')).toBe(1.25)
    await chooseSize(page, 'Let the guest take the size of the view')
    const room = await screen.region.locator('.screen-guest').boundingBox()
    if (room === null) throw new Error('The view has a size.')
    // A desktop would take the mode that is now preferred; this guest has none, so the mode is looked at.
    const preferred = async (): Promise<string> => (await stage().home.sh(stage().client, machine, 'echo detect > /sys/class/drm/card0-Virtual-1/status; head -n 1 /sys/class/drm/card0-Virtual-1/modes')).trim()
    await until(async () => Number((await preferred()).split('x')[1]) === Math.floor(room.height * 1.25), 'the guest was asked for the height of the view', 30_000)
    const width = Number((await preferred()).split('x')[0])
    expect(room.width * 1.25 - width).toBeLessThan(16)
    expect(width).toBeLessThanOrEqual(room.width * 1.25)
    await chooseSize(page, 'Fit the view')
    await close()
  }, specMs)

  test('a German keyboard types German into a German guest, and a text is typed as its keyboard would', async () => {
    const { page, window } = stage()
    const { screen } = window.machine
    const guest = new GermanGuest(stage().client, machine)
    await guest.begin()
    await screen.picture.click()
    const keyboard = await page.context().newCDPSession(page)
    await press(keyboard, 'KeyY', 'z')
    await press(keyboard, 'KeyZ', 'Y', 'Shift')
    await press(keyboard, 'Quote', 'ä')
    await press(keyboard, 'BracketLeft', 'Ü', 'Shift')
    await press(keyboard, 'Minus', 'ß')
    await press(keyboard, 'KeyQ', '@', 'AltGr')
    await press(keyboard, 'KeyE', '€', 'AltGr')
    await press(keyboard, 'Digit7', '{', 'AltGr')
    await press(keyboard, 'IntlBackslash', '|', 'AltGr')
    await press(keyboard, 'Equal', 'Dead')
    await press(keyboard, 'KeyE', 'e')
    await until(async () => (await guest.typed()).length >= 10, 'the keys have arrived')
    expect(await guest.typed()).toBe('zYäÜß@€{|é')

    await guest.forget()
    await page.getByRole('button', { name: 'Keys' }).click()
    await page.getByRole('menuitem', { name: 'Keyboard of the guest' }).click()
    await page.getByRole('menuitemradio', { name: 'German' }).click()
    // Longer than a queue of keys, and with what sits elsewhere on each keyboard.
    const words = 'Größe z=y; {a[1]} \\ "x" \'y\' @ € ~ ^ ` é | <b> #!/§?'
    await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(words)})`)
    await page.getByRole('button', { name: 'Paste' }).click()
    await until(async () => (await guest.typed()).length >= words.length, 'all of it was typed', 60_000)
    expect(await guest.typed()).toBe(words)
    await page.reload()
    await page.getByRole('button', { name: 'Keys' }).click()
    await page.getByRole('menuitem', { name: 'Keyboard of the guest: German' }).waitFor()
    await page.keyboard.press('Escape')
  }, specMs)

  test('a clipboard that is switched on is one: text goes both ways, and stays text', async () => {
    const { page, window } = stage()
    const { screen } = window.machine
    const clipboard = (): Promise<string> => page.evaluate<string>('navigator.clipboard.readText()')
    const put = (content: string): Promise<unknown> => page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(content)})`)
    await page.getByRole('button', { name: 'Keys' }).click()
    await page.getByRole('menuitemcheckbox', { name: 'Share the clipboard' }).click()
    await window.toast('The clipboard is shared').waitFor()
    const guest = new GuestClipboard(stage().client, machine)
    await guest.begin()

    await put('from the host: äöü €')
    await screen.picture.click()
    expect(await guest.paste()).toBe('from the host: äöü €')

    await guest.copy('from the guest: 東京 ß')
    await until(async () => (await clipboard()) === 'from the guest: 東京 ß', 'the host has it')

    const hostile = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>\u001b]0;owned\u0007'
    await guest.copy(hostile)
    await until(async () => (await clipboard()) === hostile, 'it is text')
    expect(await page.title()).not.toContain('owned')
    expect(await page.locator('img[src=x]').count()).toBe(0)

    // Beyond what is taken, and such as deflate hardly makes smaller.
    await guest.copy(Array.from({ length: 40_000 }, (_, index) => ((index * 2_654_435_761) % 4_294_967_296).toString(36)).join(''))
    await window.toast('What was copied in the guest is too much').waitFor()
    expect(await clipboard()).toBe(hostile)

    // A screen without the keyboard shares nothing.
    await page.getByRole('listbox', { name: 'Machines' }).focus()
    await guest.copy('behind one’s back')
    await put('for others')
    expect(await clipboard()).toBe('for others')
    expect(await guest.isQuiet()).toBe(true)

    await page.getByRole('button', { name: 'Keys' }).click()
    await page.getByRole('menuitemcheckbox', { name: 'Share the clipboard' }).click()
    await until(async () => (await stage().home.sh(stage().client, machine, 'cat /sys/class/virtio-ports/*/name 2> /dev/null || true')).includes('com.redhat.spice.0') === false, 'the channel is gone')
  }, specMs)

  test('a film of the screen is a video that plays', async () => {
    const { page, window, driver, home } = stage()
    await page.getByRole('button', { name: 'Record', exact: true }).click()
    await page.getByText('Recording', { exact: true }).waitFor()
    const screen = await window.machine.screen.picture.evaluate(({ width, height }: Picture) => [width, height])
    // What moves is filmed. At a screen that was quiet, QEMU looks only every 3 s, until it has seen something move (ui/vnc.c, VNC_REFRESH_INTERVAL_MAX).
    await home.sh(stage().client, machine, 'chvt 9; i=0; while [ $i -lt 11 ]; do i=$((i + 1)); echo "picture $i" > /dev/tty9; sleep 0.4; done')
    const saved = await driver.savedFile(join(home.root, 'film.webm'), () => page.getByRole('button', { name: 'Stop and save the recording' }).click())
    expect(saved.offered).toBe(`${machine}.webm`)
    const film = (await readFile(saved.path)).toString('base64')
    const theatre = await launchBrowser()
    const played = await (await theatre.newPage()).evaluate(async (base64) => {
      // As far as it is used; these files know no DOM.
      interface Video { muted: boolean; playbackRate: number; src: string; readonly videoWidth: number; readonly videoHeight: number; readonly currentTime: number; play(): Promise<void>; addEventListener(name: string, listener: () => void): void }
      const host = globalThis as unknown as { document: { createElement(name: 'video'): Video } }
      const video = host.document.createElement('video')
      video.muted = true
      video.src = URL.createObjectURL(new Blob([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))], { type: 'video/webm' }))
      video.playbackRate = 8
      const ended = new Promise<void>((resolve) => video.addEventListener('ended', resolve))
      await video.play()
      await ended
      return { size: [video.videoWidth, video.videoHeight], seconds: video.currentTime }
    }, film)
    expect(played.size).toEqual(screen)
    expect(played.seconds).toBeGreaterThan(1)
    await theatre.close()
  }, specMs)

  test('several look at one serial port, see the same, and are told of each other', async () => {
    const { page, window, driver } = stage()
    await page.getByRole('radiogroup', { name: 'Which console' }).getByText('Both', { exact: true }).click()
    const other = await place.beside()
    const second = new SerialConsole(other.page)
    await second.input.waitFor()
    await window.machine.serial.region.getByText('2 viewers, who all type on it').waitFor()
    await second.type('echo said-by-$((40 + 2))')
    await until(async () => (await window.machine.serial.text(driver.host)).includes('said-by-42'), 'the first sees what the second did')
    await other.close()
    await window.machine.serial.region.getByText('2 viewers').waitFor({ state: 'hidden' })
  }, specMs)
}
