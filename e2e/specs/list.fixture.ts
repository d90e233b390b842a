/** The list: search, several at once, and what is deleted comes back. */
import { expect, test } from 'vitest'
import type { Stage } from './stage.fixture.ts'

export function listSpecs(stage: () => Stage): void {
  test('the list is searched, and says when nothing is found', async () => {
    const { window, page } = stage()
    await page.keyboard.press('Escape')
    await window.list.search.fill('bet')
    await window.list.row('alpha').waitFor({ state: 'detached' })
    await window.list.row('beta').waitFor()
    await window.list.search.fill('no such machine')
    await page.getByText('No machine matches "no such machine".').waitFor()
    await page.getByRole('button', { name: 'Clear search' }).last().click()
    await window.list.row('alpha').waitFor()
    expect((await stage().client.machine.list({})).length).toBe(await window.list.box.getByRole('option', { name: /alpha|beta/ }).count())
  })

  test('the list is walked with the arrows', async () => {
    const { window, page } = stage()
    await window.list.open('alpha')
    await page.keyboard.press('ArrowDown')
    await window.machine.name.filter({ hasText: 'beta' }).waitFor()
    await page.keyboard.press('ArrowUp')
    await window.machine.name.filter({ hasText: 'alpha' }).waitFor()
  })

  test('several machines are switched off at once', async () => {
    const { window, page } = stage()
    await window.list.mark(['alpha', 'beta'])
    await page.getByRole('heading', { name: '2 machines selected' }).waitFor()
    await page.getByRole('button', { name: 'Switch off', exact: true }).click()
    await window.answer('Switch off 2 machines?', 'Switch off 2 machines')
    for (const name of ['alpha', 'beta']) {
      await stage().engineSays(name, 'is off', ({ state, pid }) => state === 'stopped' && pid === null)
      await window.list.row(name).getByText('stopped', { exact: false }).first().waitFor()
    }
    expect((await stage().client.machine.list({ state: 'running' })).length).toBe(0)
  })

  test('a machine is deleted, and comes back by one press', async () => {
    const { window } = stage()
    await window.list.open('beta')
    const { id } = await stage().machine('beta')
    await window.list.box.press('Delete')
    await window.answer('Delete beta?', 'Delete beta')
    await window.list.row('beta').waitFor({ state: 'detached' })
    expect((await stage().client.trash.list({})).map(({ name }) => name)).toEqual(['beta'])
    expect((await stage().client.machine.list({})).map(({ name }) => name)).toEqual(['alpha'])
    await window.toast(/In the trash: .*beta/).getByRole('button', { name: 'Undo' }).click()
    await window.list.row('beta').waitFor()
    expect(await stage().machine('beta')).toMatchObject({ id, state: 'stopped' })
    expect(await stage().client.trash.list({})).toEqual([])
  })
}
