/** The images of this host, and how one adds another. */
import type { Locator, Page } from 'playwright-core'
import type { Driver } from '../drivers/driver.fixture.ts'

export class ImagesPage {
  readonly #page: Page

  constructor(page: Page) {
    this.#page = page
  }

  async open(): Promise<void> {
    await this.#page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Images' }).click()
    await this.#page.getByRole('heading', { level: 1, name: 'Images' }).waitFor()
  }

  /** Adds a file as a person does: in the window with the desktop's dialog, in a browser with the browser's. */
  async add(file: string, driver: Driver): Promise<void> {
    await driver.chooseFile(file, () => this.#page.getByRole('button', { name: 'Choose a file' }).click())
  }

  row(name: string): Locator {
    return this.#page.getByRole('row').filter({ hasText: name })
  }
}
