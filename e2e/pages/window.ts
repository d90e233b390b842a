/**
 * The window as a person meets it: what stands in the title bar, what lies over a page, and the
 * ways to a view. Everything is found by its role and name, so a page object breaks when people
 * who listen to the page would be lost too.
 */
import type { Locator, Page } from 'playwright-core'
import { ImagesPage } from './images-page.ts'
import { MachineList } from './machine-list.ts'
import { MachinePage } from './machine-page.ts'
import { Wizard } from './wizard.ts'

/** Views that are no machine's. */
export const plainViews = ['grid', 'templates', 'runs', 'runs/new', 'images', 'doctor', 'settings', 'about'] as const

export class Window {
  readonly page: Page
  readonly list: MachineList
  readonly machine: MachinePage
  readonly wizard: Wizard
  readonly images: ImagesPage

  constructor(page: Page) {
    this.page = page
    this.list = new MachineList(page)
    this.machine = new MachinePage(page)
    this.wizard = new Wizard(page)
    this.images = new ImagesPage(page)
  }

  /** Goes to a path as a link would, without loading the page anew. */
  async go(path: string): Promise<void> {
    await this.page.evaluate(`history.pushState(null, '', ${JSON.stringify(path)}); window.dispatchEvent(new PopStateEvent('popstate'))`)
  }

  /** To a machine's page, from wherever one is. */
  async openMachine(name: string): Promise<void> {
    await this.page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Machines' }).click()
    await this.list.open(name)
  }

  /** Opens the wizard with the button above the list, or the one of the first run. */
  async newMachine(): Promise<void> {
    await this.page.getByRole('button', { name: 'New machine' }).or(this.page.getByRole('button', { name: 'Create a machine' })).first().click()
    await this.wizard.dialog.waitFor()
  }

  dialog(name: string | RegExp): Locator {
    return this.page.getByRole('dialog', { name })
  }

  /** Presses a button of a dialog that asks, and sees the dialog go. */
  async answer(title: string | RegExp, button: string | RegExp): Promise<void> {
    const dialog = this.dialog(title)
    await dialog.getByRole('button', { name: button }).click()
    await dialog.waitFor({ state: 'hidden' })
  }

  /** Something is said that happened elsewhere. */
  toast(words: string | RegExp): Locator {
    return this.page.getByRole('alert').filter({ hasText: words })
  }

  /** The line that says that the engine is away. */
  get engineAway(): Locator {
    return this.page.getByRole('status').filter({ hasText: 'The engine does not answer' })
  }

  /** Opens the palette with its key. */
  async openPalette(): Promise<{ readonly palette: Locator; readonly field: Locator }> {
    await this.page.keyboard.press('Control+k')
    const palette = this.dialog('Find a machine or do anything')
    return { palette, field: palette.getByRole('searchbox').or(palette.getByRole('textbox')).or(palette.getByRole('combobox')).first() }
  }

  /** Types into the palette, and takes the first thing found. */
  async command(words: string): Promise<void> {
    const { palette, field } = await this.openPalette()
    await field.fill(words)
    await this.page.keyboard.press('Enter')
    await palette.waitFor({ state: 'hidden' })
  }
}
