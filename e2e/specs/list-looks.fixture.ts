/** What the list of machines shows of them, in what order, and which of them are marked: every spec looks at the rows as they stand on the screen. */
import { expect, test } from 'vitest'
import { freePort } from '../cli/mayfly.fixture.ts'
import { until } from '../conformance/until.ts'
import type { SmallList } from './small-list.fixture.ts'

/** As far as they are used; these files know no DOM. */
interface Drawing {
  getContext(kind: '2d'): { drawImage(image: unknown, x: number, y: number, width: number, height: number): void; getImageData(x: number, y: number, width: number, height: number): { readonly data: Uint8ClampedArray } }
}
interface Shown {
  decode(): Promise<void>
}

const firmwareDrawsWithinMs = 60_000

/** alpha and beta bear the tag shop, gamma and delta none; beta and gamma have more memory. All are off before and after. */
export function listLooksSpecs(place: SmallList): void {
  const allNames = ['alpha', 'beta', 'delta', 'gamma']
  const id = async (name: string) => (await place.machine(name)).id
  const is = (name: string, state: string): Promise<void> => until(async () => (await place.machine(name)).state === state, `${name} is ${state}`, 30_000)
  /** Names as they stand, from the top. */
  async function names(only: '' | '[aria-selected=true]' = ''): Promise<string[]> {
    const rows = await place.window.list.box.locator(`[role=option][id^="machine-"]${only}`).evaluateAll((elements: readonly { readonly textContent: string; getBoundingClientRect(): { readonly top: number } }[]) => elements.map((row) => ({ words: row.textContent, top: row.getBoundingClientRect().top })))
    return rows.sort((a, b) => a.top - b.top).map(({ words }) => allNames.find((name) => words.includes(name)) ?? words)
  }
  async function stands(...expected: string[]): Promise<void> {
    await until(async () => (await names()).join() === expected.join(), `the list shows ${expected.join(', ')}`)
  }
  async function marked(...expected: string[]): Promise<void> {
    await place.driver.page.getByRole('heading', { name: `${expected.length} machines selected` }).waitFor()
    expect(await names('[aria-selected=true]')).toEqual(expected)
  }
  async function choose(item: string): Promise<void> {
    await place.driver.page.getByRole('button', { name: 'Filter and sort' }).click()
    await place.driver.page.getByRole('menuitemradio', { name: item, exact: true }).click()
  }
  const group = (name: string) => place.window.list.box.getByRole('option', { name: new RegExp(`^${name} `) })

  /** How bright both are all over, from 0 to 255 on a coarse grid: the picture in a row, and the engine's own of the same screen. */
  async function lookAlike(name: string): Promise<boolean> {
    const { mediaType, base64 } = await place.client.machine.screenshot({ machine: await id(name) })
    const { small, whole } = await place.window.list.row(name).locator('img').evaluate(async (row: Shown, source) => {
      // As far as it is used; these files know no DOM.
      const host = globalThis as unknown as { Image: new () => Shown & { src: string }; OffscreenCanvas: new (width: number, height: number) => Drawing }
      const [across, down] = [32, 18]
      const screen = new host.Image()
      screen.src = source
      const [small, whole] = await Promise.all([row, screen].map(async (image) => {
        await image.decode()
        // By way of a size between, or most pixels of the larger would not count.
        const [between, drawn] = [new host.OffscreenCanvas(across * 10, down * 10), new host.OffscreenCanvas(across, down)]
        between.getContext('2d').drawImage(image, 0, 0, across * 10, down * 10)
        drawn.getContext('2d').drawImage(between, 0, 0, across, down)
        const { data } = drawn.getContext('2d').getImageData(0, 0, across, down)
        return Array.from({ length: across * down }, (_, at) => ((data[at * 4] ?? 0) + (data[at * 4 + 1] ?? 0) + (data[at * 4 + 2] ?? 0)) / 3)
      }))
      return { small: small ?? [], whole: whole ?? [] }
    }, `data:${mediaType};base64,${base64}`)
    const apart = small.reduce((sum, light, at) => sum + Math.abs(light - (whole[at] ?? 0)), 0) / small.length
    return Math.max(...small) - Math.min(...small) > 20 && apart < 4
  }

  test('a machine that runs shows its screen, what its processor does, and the address that leads into it', async () => {
    const row = place.window.list.row('beta')
    const port = await freePort()
    await place.client.forward.add({ machine: await id('beta'), forward: { hostPort: port, guestPort: 80 } })
    await row.getByText('Stopped', { exact: true }).waitFor()
    expect(await row.locator('img').count()).toBe(0)
    await place.client.machine.start({ machine: await id('beta') })
    await row.getByText(`127.0.0.1:${port}`, { exact: true }).waitFor()
    await row.getByRole('img', { name: 'Running' }).waitFor()
    await row.locator('img').waitFor()
    await until(() => lookAlike('beta'), 'the row shows what stands on the screen', firmwareDrawsWithinMs)
    await row.getByLabel(/^\d+ percent of its processors$/).waitFor()
    const drawn = async (): Promise<number> => ((await row.locator('polyline').getAttribute('points')) ?? '').split(' ').length
    const before = await drawn()
    await until(async () => (await drawn()) > before, 'the trace grows')
    expect(await place.window.list.row('alpha').locator('img, polyline').count()).toBe(0)
    await place.window.list.search.fill(`127.0.0.1:${port}`)
    await stands('beta')
    await place.window.list.search.fill('')
    await stands(...allNames)
  }, 120_000)

  test('the list shows those that run, those that are stopped, or those that need somebody', async () => {
    await choose('Running')
    await stands('beta')
    await choose('Stopped')
    await stands('alpha', 'delta', 'gamma')
    await choose('Needs you')
    await stands()
    await place.driver.page.getByText('No machine matches this filter.').waitFor()
    const { pid } = await place.machine('beta')
    if (pid === null) throw new Error('beta has no process.')
    process.kill(pid, 'SIGKILL')
    await stands('beta')
    await place.window.list.row('beta').getByRole('img', { name: 'Crashed' }).waitFor()
    await place.window.list.search.fill('alpha')
    await stands()
    await place.window.list.search.fill('shop')
    await stands('beta')
    await choose('All')
    await stands('alpha', 'beta')
    await place.window.list.search.fill('')
    await stands(...allNames)
  })

  test('the order is by name, by state or by memory, in each group', async () => {
    await choose('State')
    await stands('beta', 'alpha', 'delta', 'gamma')
    await place.client.machine.start({ machine: await id('delta') })
    await place.client.machine.start({ machine: await id('gamma') })
    await place.client.machine.pause({ machine: await id('delta') })
    await stands('beta', 'alpha', 'gamma', 'delta')
    await place.client.machine.stop({ machine: await id('gamma'), force: true })
    await stands('beta', 'alpha', 'delta', 'gamma')
    await choose('Memory')
    await stands('beta', 'alpha', 'gamma', 'delta')
    await choose('Name')
    await stands(...allNames)
    await place.client.machine.stop({ machine: await id('delta'), force: true })
  })

  test('Shift+click marks all up to there, Ctrl+click one more or less, and what is pressed is done to exactly those', async () => {
    const { page } = place.driver
    const { list } = place.window
    await list.open('alpha')
    await list.row('delta').click({ modifiers: ['Shift'] })
    await marked('alpha', 'beta', 'delta')
    await list.row('beta').click({ modifiers: ['Shift'] })
    await marked('alpha', 'beta')
    await page.getByRole('button', { name: 'Clear selection' }).click()
    await place.window.machine.name.filter({ hasText: 'alpha' }).waitFor()
    expect(await names('[aria-selected=true]')).toEqual(['alpha'])
    await list.row('gamma').click({ modifiers: ['Shift'] })
    await marked(...allNames)
    await list.row('beta').click({ modifiers: ['Control'] })
    await marked('alpha', 'delta', 'gamma')
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    for (const name of ['alpha', 'delta', 'gamma']) await is(name, 'running')
    expect((await place.machine('beta')).pid).toBeNull()
    await list.row('delta').click({ modifiers: ['Control'] })
    await list.row('beta').click({ modifiers: ['Control'] })
    await marked('alpha', 'beta', 'gamma')
    // Two of the three can.
    await page.getByRole('button', { name: 'Pause (2)', exact: true }).click()
    for (const name of ['alpha', 'gamma']) await is(name, 'paused')
    expect((await place.machine('delta')).state).toBe('running')
    await page.getByRole('button', { name: 'Switch off (2)', exact: true }).click()
    await place.window.dialog('Switch off 2 machines?').getByText('alpha, gamma').waitFor()
    await place.window.answer('Switch off 2 machines?', 'Switch off 2 machines')
    for (const name of ['alpha', 'gamma']) await is(name, 'stopped')
    expect((await place.machine('delta')).state).toBe('running')
    // Asked and done: nothing is marked any more.
    await page.getByRole('heading', { name: 'machines selected' }).waitFor({ state: 'hidden' })
    await place.client.machine.stop({ machine: await id('delta'), force: true })
  })

  test('groups are those of the tags, count who runs, and stay folded', async () => {
    const { page } = place.driver
    await group('No tag').getByText('2 stopped').waitFor()
    await place.client.machine.set({ machine: await id('delta'), tags: ['shop'] })
    await group('shop').getByText('3 stopped').waitFor()
    await group('No tag').getByText('1 stopped').waitFor()
    await place.client.machine.set({ machine: await id('delta'), tags: ['kiosk'] })
    await group('kiosk').waitFor()
    await stands('delta', 'alpha', 'beta', 'gamma')
    await group('shop').click()
    await stands('delta', 'gamma')
    await place.client.machine.start({ machine: await id('alpha') })
    await group('shop').getByText('1 of 2 running').waitFor()
    await page.reload()
    await place.window.list.row('gamma').waitFor()
    await stands('delta', 'gamma')
    // What is searched for is not hidden in a folded group.
    await place.window.list.search.fill('alpha')
    await stands('alpha')
    await place.window.list.search.fill('')
    await stands('delta', 'gamma')
    await group('shop').click()
    await stands('delta', 'alpha', 'beta', 'gamma')
    await place.client.machine.set({ machine: await id('delta'), tags: [] })
    await stands(...allNames)
    await place.client.machine.stop({ machine: await id('alpha'), force: true })
  })
}
