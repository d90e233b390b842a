/** What a machine is made of: sliders, devices, and what waits for the next start. */
import type { Locator, Page } from 'playwright-core'

export class HardwareTab {
  readonly #panel: Locator
  readonly #page: Page

  constructor(page: Page) {
    this.#page = page
    this.#panel = page.getByRole('tabpanel', { name: 'Hardware' })
  }

  slider(of: 'CPUs' | 'Memory' | 'Disk'): Locator {
    return this.#panel.getByRole('slider', { name: of })
  }

  /** The field beside a slider. */
  size(of: 'CPUs' | 'Memory' | 'Disk'): Locator {
    return this.#panel.getByRole('group', { name: of, exact: true }).getByRole('textbox')
  }

  button(name: string): Locator {
    return this.#panel.getByRole('button', { name, exact: true })
  }

  /** What is listed as waiting, at the side. */
  get waiting(): Locator {
    return this.#panel.getByRole('complementary').getByRole('listitem')
  }

  device(name: string): Locator {
    return this.#panel.getByRole('listitem').filter({ hasText: name }).first()
  }

  /** A disc in the menu of what can be put into a drive. */
  disc(name: string): Locator {
    return this.#page.getByRole('menuitem', { name })
  }
}
