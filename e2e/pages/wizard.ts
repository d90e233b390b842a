/** The wizard that makes a machine. */
import type { Locator, Page } from 'playwright-core'

export class Wizard {
  readonly page: Page
  readonly dialog: Locator

  constructor(page: Page) {
    this.page = page
    this.dialog = page.getByRole('dialog', { name: 'New machine' })
  }

  get name(): Locator {
    return this.dialog.getByRole('textbox', { name: 'Name', exact: true })
  }

  /** The field beside a slider, in which a size can be typed. */
  size(of: 'CPUs' | 'Memory' | 'Disk'): Locator {
    return this.dialog.getByRole('group', { name: of }).getByRole('textbox')
  }

  slider(of: 'CPUs' | 'Memory' | 'Disk'): Locator {
    return this.dialog.getByRole('slider', { name: of })
  }

  image(name: string): Locator {
    return this.dialog.getByRole('radio', { name })
  }

  step(name: string): Locator {
    return this.dialog.getByRole('list', { name: 'Steps' }).getByRole('button', { name })
  }

  get create(): Locator {
    return this.dialog.getByRole('button', { name: /^Create/ })
  }

  /** The equal command line, as it stands in the summary, on one line. */
  async command(): Promise<string> {
    const code = (await this.dialog.getByRole('region', { name: 'Summary' }).locator('code').textContent()) ?? ''
    return code.replaceAll(/\s*\\\s+/g, ' ')
  }

  /** Walks with Tab until a field has the focus. */
  async tabTo(field: Locator): Promise<void> {
    const focused = field.and(this.page.locator(':focus'))
    for (let presses = 0; presses < 60; presses++) {
      if ((await focused.count()) > 0) return
      await this.page.keyboard.press('Tab')
    }
    throw new Error('Tab does not lead to the field.')
  }
}
