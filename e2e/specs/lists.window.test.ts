/** The list of machines and the grid, in both hosts: what keys do to whom, and that nothing is done to what is not seen. The guests are firmware alone: nothing has to boot. */
import { describe, expect, test } from 'vitest'
import { until } from '../conformance/until.ts'
import { bothHosts } from '../drivers/both-hosts.fixture.ts'
import { findViolations } from './axe.fixture.ts'
import { listLooksSpecs } from './list-looks.fixture.ts'
import { openSmallList } from './small-list.fixture.ts'

describe.each(bothHosts)('in %s', (_name, _holder, launch) => {
  const place = openSmallList(launch, [
    { name: 'alpha', tags: ['shop'] },
    { name: 'beta', tags: ['shop'], notes: 'Holds the orders of customers', memoryMiB: 192 },
    { name: 'gamma', memoryMiB: 192 },
    { name: 'delta' },
  ], 30_000)

  async function is(name: string, state: string): Promise<void> {
    await until(async () => (await place.machine(name)).state === state, `${name} is ${state}`, 30_000)
  }
  async function listHasKeyboard(): Promise<void> {
    await until(async () => (await place.window.list.box.and(place.driver.page.locator(':focus')).count()) === 1, 'the list has the keyboard again')
  }

  listLooksSpecs(place)

  test('notes are searched like names', async () => {
    await place.window.list.search.fill('orders customers')
    await place.window.list.row('alpha').waitFor({ state: 'detached' })
    await place.window.list.row('beta').waitFor()
    await place.window.list.search.fill('')
    await place.window.list.row('alpha').waitFor()
  })

  test('a group is walked to, folded and unfolded with the keyboard', async () => {
    const { page } = place.driver
    await place.window.list.open('alpha')
    await page.keyboard.press('ArrowLeft')
    const group = place.window.list.box.getByRole('option', { name: /^shop / })
    expect(await place.window.list.box.getAttribute('aria-activedescendant')).toBe(await group.getAttribute('id'))
    await page.keyboard.press('ArrowLeft')
    await place.window.list.row('alpha').waitFor({ state: 'detached' })
    await page.getByRole('option', { name: /^shop .* folded$/ }).waitFor()
    await page.keyboard.press('Enter')
    await place.window.list.row('alpha').waitFor()
    expect(await findViolations(page)).toEqual([])
    await page.keyboard.press('ArrowDown')
    await place.window.machine.name.filter({ hasText: 'alpha' }).waitFor()
  })

  test('Shift with the arrows marks and unmarks; what a key does, it does to those that are marked', async () => {
    const { page } = place.driver
    await place.window.list.open('alpha')
    await page.keyboard.press('Shift+ArrowDown')
    await page.keyboard.press('Shift+ArrowDown')
    await page.getByRole('heading', { name: '3 machines selected' }).waitFor()
    await page.keyboard.press('Shift+ArrowUp')
    await page.getByRole('heading', { name: '2 machines selected' }).waitFor()
    await page.keyboard.press('Delete')
    await place.window.dialog('Delete 2 machines?').getByText('alpha, beta').waitFor()
    await page.keyboard.press('Escape')
    await listHasKeyboard()
    await page.keyboard.press('Space')
    await until(async () => (await page.getByRole('main').getByText('Running', { exact: true }).count()) === 2, 'both are said to run', 30_000)
    await page.keyboard.press('Space')
    for (const name of ['alpha', 'beta']) await is(name, 'paused')
    // One that is left alone is shown, and is the one that is meant.
    await place.window.list.row('alpha').click({ modifiers: ['Control'] })
    await place.window.machine.name.filter({ hasText: 'beta' }).waitFor()
    await page.keyboard.press('Delete')
    await place.window.dialog('Delete beta?').waitFor()
  })

  test('the menu of a machine opens with its key, and gives the keyboard back', async () => {
    const { page } = place.driver
    await place.window.list.open('gamma')
    await page.keyboard.press('Shift+F10')
    await page.getByRole('menuitem', { name: 'Rename' }).waitFor()
    expect(await findViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.getByRole('menuitem', { name: 'Rename' }).waitFor({ state: 'hidden' })
    await listHasKeyboard()
    await page.keyboard.press('ContextMenu')
    await page.getByRole('menuitem', { name: 'Rename' }).click()
    await place.window.dialog('Rename gamma').waitFor()
  })

  test('a dialog about a machine goes with it, and leaves the keys alone', async () => {
    const { page } = place.driver
    await place.client.machine.create({ name: 'soon gone', memoryMiB: 128 })
    await place.window.list.open('soon gone')
    await page.keyboard.press('F2')
    await place.window.dialog('Rename soon gone').waitFor()
    await place.client.machine.delete({ machine: (await place.machine('soon gone')).id })
    await place.window.dialog('Rename soon gone').waitFor({ state: 'hidden' })
    await page.keyboard.press('?')
    await place.window.dialog('Keys').waitFor()
  })

  test('the line beside the list takes keys and the mouse, is remembered, and goes back', async () => {
    const { page } = place.driver
    await place.window.list.open('gamma')
    const line = page.getByRole('separator', { name: /^Between the list and the view/ })
    const width = async (): Promise<number> => Math.round((await place.window.list.box.boundingBox())?.width ?? 0)
    const drawn = await width()
    await line.focus()
    await page.keyboard.press('ArrowRight')
    await until(async () => (await width()) === drawn + 16, 'the list is wider')
    const box = await line.boundingBox()
    if (box === null) throw new TypeError('The line is drawn.')
    await page.mouse.move(box.x + 3, box.y + 200)
    await page.mouse.down()
    await page.mouse.move(box.x + 63, box.y + 200, { steps: 4 })
    await page.mouse.up()
    await until(async () => (await width()) > drawn + 60, 'it was dragged')
    const dragged = await width()
    await page.reload()
    await place.window.list.row('gamma').waitFor()
    expect(await width()).toBe(dragged)
    await line.dblclick()
    await until(async () => (await width()) === drawn, 'it is as it was drawn')
  })

  test('what the grid does to all, it does to those that are seen and ticked', async () => {
    const { page } = place.driver
    await place.window.go('/grid')
    await page.getByRole('heading', { name: 'Consoles' }).waitFor()
    const remove = page.getByRole('button', { name: /^Delete/ })
    expect([await remove.textContent(), await remove.getAttribute('aria-disabled')]).toEqual(['Delete', 'true'])
    for (const name of ['alpha', 'beta']) await place.client.machine.resume({ machine: (await place.machine(name)).id })
    const which = page.getByRole('radiogroup', { name: 'Which are shown' })
    for (const name of ['alpha', 'beta']) await page.getByRole('listitem', { name: `${name}, Running` }).waitFor()
    await page.getByRole('checkbox', { name: 'Tick gamma' }).check()
    await which.getByText('Running').click()
    await page.getByText('1 ticked one is hidden and left alone').waitFor()
    await page.getByRole('button', { name: 'Tick all' }).click()
    await page.getByRole('button', { name: 'Delete 2' }).click()
    await place.window.dialog('Delete 2 machines?').getByText('alpha, beta').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Tick none' }).click()
    await page.getByRole('button', { name: 'Pause all' }).waitFor()
    await page.getByRole('checkbox', { name: 'Tick alpha' }).check()
    await page.getByRole('button', { name: 'Pause 1' }).click()
    await is('alpha', 'paused')
    expect((await place.machine('beta')).state).toBe('running')
    // The first of them is what it types to where nothing else is ticked.
    await which.getByText('Running').click()
    const list = page.getByRole('list', { name: 'Consoles' })
    await list.focus()
    await page.keyboard.press('t')
    await place.window.toast('Tick some machines first').waitFor()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('t')
    await page.getByRole('button', { name: 'Typing to 1' }).waitFor()
    expect(await findViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await which.getByText('All').click()
    expect(await page.getByRole('checkbox', { name: 'Tick gamma' }).isChecked()).toBe(true)
  })

  test('undo brings back all it can, and names the one it cannot', async () => {
    const { page } = place.driver
    await place.window.openMachine('gamma')
    await place.window.list.mark(['delta', 'gamma'])
    await page.keyboard.press('Delete')
    await place.window.answer('Delete 2 machines?', 'Delete 2 machines')
    const undo = place.window.toast(/In the trash: 2 machines/).getByRole('button', { name: 'Undo' })
    await undo.waitFor()
    const [first] = (await place.client.trash.list({})).filter(({ name }) => name === 'delta')
    await place.client.trash.empty({ machine: first?.id ?? '' })
    await undo.click()
    await place.window.toast('Still in the trash: delta').waitFor()
    await until(async () => (await place.client.machine.list({})).some(({ name }) => name === 'gamma'), 'gamma is back')
  })
})
