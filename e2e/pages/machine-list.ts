/** The list of machines. */
import type { Locator, Page } from 'playwright-core'

export class MachineList {
  readonly box: Locator
  readonly search: Locator
  readonly #page: Page

  constructor(page: Page) {
    this.#page = page
    this.box = page.getByRole('listbox', { name: 'Machines' })
    this.search = page.getByRole('textbox', { name: /^Search names/ })
  }

  /** The row of a machine. Its name is cut in the middle for the eye, and whole for whoever listens. */
  row(name: string): Locator {
    return this.box.getByRole('option').filter({ has: this.#page.getByText(name, { exact: true }) })
  }

  async open(name: string): Promise<void> {
    await this.row(name).click()
  }

  /** Marks several, as one does with the mouse. */
  async mark(names: readonly string[]): Promise<void> {
    for (const [index, name] of names.entries()) await this.row(name).click(index === 0 ? {} : { modifiers: ['Control'] })
  }
}
