/** Ports of this host that lead into the guest. */
import type { Locator, Page } from 'playwright-core'

export class NetworkTab {
  readonly #page: Page

  constructor(page: Page) {
    this.#page = page
  }

  /** Adds a forward and sees it in the list. */
  async forward(listen: string, guestPort: number): Promise<void> {
    await this.#page.getByRole('textbox', { name: 'On this host' }).fill(listen)
    await this.#page.getByRole('textbox', { name: 'Port in the guest' }).fill(String(guestPort))
    await this.#page.getByRole('button', { name: 'Add forward' }).click()
  }

  row(address: string): Locator {
    return this.#page.getByRole('row').filter({ hasText: address })
  }
}
