/** The serial console: a terminal that draws on a canvas, so what it shows is read by copying it. */
import type { Locator, Page } from 'playwright-core'
import type { HostName } from '../drivers/driver.fixture.ts'

export class SerialConsole {
  readonly #page: Page

  constructor(page: Page) {
    this.#page = page
  }

  get region(): Locator {
    return this.#page.getByRole('region', { name: /^Serial console of/ })
  }

  get input(): Locator {
    return this.region.getByRole('textbox', { name: /^Serial console of/ })
  }

  async type(line: string): Promise<void> {
    await this.input.focus()
    await this.#page.keyboard.type(line)
    await this.#page.keyboard.press('Enter')
  }

  /** All that stands in it, as its own Copy gives it. */
  async text(host: HostName): Promise<string> {
    await this.region.getByRole('button', { name: 'Copy what is marked, or all' }).click()
    return readClipboard(this.#page, host)
  }
}

/** What lies in the clipboard; both hosts let the page read it. */
async function readClipboard(page: Page, host: HostName): Promise<string> {
  if (host === 'chromium') await page.bringToFront()
  return (await page.evaluate('navigator.clipboard.readText()')) as string
}
