/** Making machines: with the mouse, and with the keyboard alone. */
import { expect, test } from 'vitest'
import type { Stage } from './stage.fixture.ts'

export function makeWithMouseSpec(stage: () => Stage): void {
  test('a machine is made with the mouse: good defaults, one field changed, and it boots into its console', async () => {
    const { window, client, page } = stage()
    await window.newMachine()
    await window.wizard.image('Tiny Linux').check()
    await window.wizard.step('Hardware').click()
    await window.wizard.name.fill('alpha')
    await window.wizard.size('Memory').fill('0.25 GiB')
    expect(await window.wizard.command()).toMatch(/^mayfly create alpha .*--memory 256MiB/)
    await window.wizard.create.click()
    await window.wizard.dialog.waitFor({ state: 'hidden' })
    await window.machine.name.filter({ hasText: 'alpha' }).waitFor()
    await window.machine.state('Running').waitFor()
    expect(await stage().machine('alpha')).toMatchObject({ state: 'running', memoryMiB: 256, profile: 'paravirtual' })
    await stage().home.ready(client, 'alpha')
    expect(await page.evaluate('location.pathname')).toContain((await stage().machine('alpha')).id)
  })

  test('what is wrong stands at its field, and Create goes there', async () => {
    const { window, client, page } = stage()
    await window.newMachine()
    await window.wizard.step('Hardware').click()
    await window.wizard.name.fill('alpha')
    await window.wizard.dialog.getByText(/alpha is taken/).waitFor()
    await window.wizard.size('Memory').fill('a lot')
    await window.wizard.dialog.getByText('Write a size such as 512 MiB or 1.5 GiB.').waitFor()
    await window.wizard.step('Image').click()
    await window.wizard.create.click()
    await window.wizard.name.and(page.locator(':focus')).waitFor()
    expect((await client.machine.list({})).length).toBe(1)
    await window.wizard.dialog.getByRole('button', { name: 'Cancel' }).click()
    await window.wizard.dialog.waitFor({ state: 'hidden' })
  })
}

export function makeWithKeyboardSpec(stage: () => Stage): void {
  test('a machine is made with the keyboard alone', async () => {
    const { window, page } = stage()
    await window.list.box.focus()
    await window.command('New machine')
    await window.wizard.dialog.waitFor()
    await page.keyboard.press('Alt+ArrowRight')
    await window.wizard.tabTo(window.wizard.name)
    await page.keyboard.press('Control+a')
    await page.keyboard.type('beta')
    await window.wizard.tabTo(window.wizard.slider('Memory'))
    await page.keyboard.press('Home')
    await window.wizard.tabTo(window.wizard.size('Memory'))
    await page.keyboard.press('Control+a')
    await page.keyboard.type('256 MiB')
    await page.keyboard.press('Control+Enter')
    await window.wizard.dialog.waitFor({ state: 'hidden' })
    await window.machine.name.filter({ hasText: 'beta' }).waitFor()
    await window.machine.state('Running').waitFor()
    expect(await stage().machine('beta')).toMatchObject({ state: 'running', memoryMiB: 256 })
    expect((await stage().client.machine.list({})).map(({ name }) => name).sort()).toEqual(['alpha', 'beta'])
  })
}
