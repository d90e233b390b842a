/** One machine's page: its header, its tabs and what is in them. */
import type { Locator, Page } from 'playwright-core'
import { HardwareTab } from './hardware-tab.ts'
import { NetworkTab } from './network-tab.ts'
import { ScreenConsole } from './screen-console.ts'
import { SerialConsole } from './serial-console.ts'
import { TimelineTab } from './timeline-tab.ts'

export const machineTabs = ['Console', 'Overview', 'Hardware', 'Network', 'Timeline', 'Log'] as const
export type MachineTab = (typeof machineTabs)[number]

export class MachinePage {
  readonly page: Page
  readonly screen: ScreenConsole
  readonly serial: SerialConsole
  readonly hardware: HardwareTab
  readonly network: NetworkTab
  readonly timeline: TimelineTab

  constructor(page: Page) {
    this.page = page
    this.screen = new ScreenConsole(page)
    this.serial = new SerialConsole(page)
    this.hardware = new HardwareTab(page)
    this.network = new NetworkTab(page)
    this.timeline = new TimelineTab(page)
  }

  get name(): Locator {
    return this.page.getByRole('heading', { level: 1 })
  }

  /** The word for its state in the header. */
  state(word: string): Locator {
    return this.page.getByRole('main').getByRole('status').filter({ hasText: word }).first()
  }

  async tab(name: MachineTab): Promise<void> {
    await this.page.getByRole('tab', { name }).click()
  }

  /** Presses a button of the action bar. */
  async act(action: string): Promise<void> {
    await this.page.getByRole('toolbar', { name: /^Actions of/ }).getByRole('button', { name: action, exact: true }).click()
  }

  /** Chooses in the menu of further actions. */
  async more(item: string): Promise<void> {
    await this.page.getByRole('button', { name: 'More actions' }).click()
    await this.page.getByRole('menuitem', { name: item }).click()
  }

  get panel(): Locator {
    return this.page.getByRole('tabpanel')
  }
}
