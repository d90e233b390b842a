/** axe finds nothing, on any view, in light and in dark. */
import { expect, test } from 'vitest'
import { until } from '../conformance/until.ts'
import { machineTabs } from '../pages/machine-page.ts'
import { plainViews } from '../pages/window.ts'
import { findViolations } from './axe.fixture.ts'
import type { Stage } from './stage.fixture.ts'

const schemes = ['light', 'dark'] as const

/** In both schemes, with what the page shows now. */
export async function nothingFoundIn({ page }: Stage, view: string): Promise<void> {
  for (const colorScheme of schemes) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await until(async () => (await page.evaluate(`document.documentElement.dataset.mantineColorScheme`)) === colorScheme, `the page is ${colorScheme}`)
    // What is loaded when it is first needed is there, and what moves has come to rest.
    await until(async () => (await page.evaluate(`document.querySelector('main [aria-busy=true]:empty') === null && document.getAnimations().every(({ playState }) => playState !== 'running')`)) === true, `${view} is at rest`)
    expect(await findViolations(page), `${view}, ${colorScheme}`).toEqual([])
  }
}

export function firstRunAccessSpec(stage: () => Stage): void {
  test('axe finds nothing in the first run', async () => {
    const { page } = stage()
    await page.getByRole('heading', { level: 1 }).waitFor()
    await nothingFoundIn(stage(), 'the first run')
    expect(await stage().client.machine.list({})).toEqual([])
  })
}

export function accessSpecs(stage: () => Stage): void {
  const nothingFound = (view: string): Promise<void> => nothingFoundIn(stage(), view)

  test.each(machineTabs)('axe finds nothing in a machine’s %s', async (tab) => {
    const { window } = stage()
    await window.openMachine('alpha')
    await window.machine.tab(tab)
    await window.machine.panel.waitFor()
    await nothingFound(tab)
  })

  test.each(plainViews)('axe finds nothing in %s', async (view) => {
    const { window, page } = stage()
    await window.go(`/${view}`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await nothingFound(view)
  })

  test.each([
    ['the palette', 'Control+k'],
    ['the sheet of keys', '?'],
  ])('axe finds nothing in %s', async (view, key) => {
    const { window, page } = stage()
    await window.openMachine('alpha')
    await page.keyboard.press(key)
    await page.getByRole('dialog').waitFor()
    await nothingFound(view)
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
  })

  test('axe finds nothing in the wizard', async () => {
    const { window } = stage()
    await window.openMachine('alpha')
    await window.newMachine()
    for (const step of ['Image', 'Hardware', 'Network and extras']) {
      await window.wizard.step(step).click()
      await nothingFound(`the wizard, ${step}`)
    }
    await window.wizard.step('Hardware').click()
    await window.wizard.name.fill('alpha')
    await window.wizard.dialog.getByText(/alpha is taken/).waitFor()
    await nothingFound('the wizard with an error')
    await window.wizard.dialog.getByRole('button', { name: 'Cancel' }).click()
    await window.wizard.dialog.waitFor({ state: 'hidden' })
  })

  test('axe finds nothing in a dialog that asks, in the jobs', async () => {
    const { window, page } = stage()
    await window.openMachine('alpha')
    await window.list.box.press('F2')
    await window.dialog('Rename alpha').waitFor()
    await nothingFound('renaming')
    await page.keyboard.press('Escape')
    await window.list.box.press('Delete')
    await window.dialog('Delete alpha?').waitFor()
    await nothingFound('deleting')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Jobs' }).click()
    await page.getByRole('dialog', { name: 'Jobs' }).waitFor()
    await nothingFound('the jobs')
    await page.keyboard.press('Escape')
  })
}
