/** A machine's checkpoints, as a tree or a list. */
import type { Locator, Page } from 'playwright-core'

export class TimelineTab {
  readonly #page: Page

  constructor(page: Page) {
    this.#page = page
  }

  /** The tree, or the list: both are walked with the arrows. */
  get box(): Locator {
    return this.#page.getByRole('listbox', { name: /^Timeline of/ })
  }

  point(label: string): Locator {
    return this.box.getByRole('option').filter({ hasText: label })
  }

  /** All about the chosen one. */
  get side(): Locator {
    return this.#page.getByRole('complementary', { name: 'The chosen checkpoint' })
  }

  /** The dashed leaf of a fork. */
  fork(name: string): Locator {
    return this.#page.getByRole('tabpanel').getByRole('listitem').getByRole('button', { name })
  }

  /** Chooses one, so that keys act on it. */
  async choose(label: string): Promise<void> {
    await this.point(label).click()
    await this.side.getByRole('heading', { name: label, level: 2 }).waitFor()
    await this.box.focus()
  }
}
