/** Two hundred checkpoints with pictures, in both hosts: only what is in sight is in the page; the palette reaches each; one is dropped on the present to restore it. */
import { randomInt } from 'node:crypto'
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { connectEngine } from '../../hosts/socket/client.ts'
import { until } from '../conformance/until.ts'
import { bothHosts, ownHomes } from '../drivers/both-hosts.fixture.ts'
import { Window } from '../pages/window.ts'
import { findViolations } from './axe.fixture.ts'

const amount = 200
const minuteMs = 60_000
const home = ownHomes()

describe.each(bothHosts)('in %s', (_name, _holder, launch) => {
  test('two hundred are drawn a few at a time', async () => {
    await madeByOne(launch)
    const driver = await launch({ home: home.folder })
    home.afterwards(() => driver.close())
    const { page } = driver
    page.setDefaultTimeout(30_000)
    const window = new Window(page)
    await window.list.open('old')
    await window.machine.tab('Timeline')
    const { box } = window.machine.timeline
    const points = box.getByRole('option')
    await box.getByText('point 199').waitFor()
    await page.getByText(/^200 checkpoints/).waitFor()
    expect(await points.count()).toBeLessThan(60)
    await until(async () => (await box.locator('img').count()) > 3, 'pictures come')
    const pictures = await box.locator('img').count()
    expect(pictures).toBeLessThan(60)
    expect(await findViolations(page)).toEqual([])

    await box.focus()
    await page.keyboard.press('Home')
    await box.getByText('point 0', { exact: true }).first().waitFor()
    expect(await points.count()).toBeLessThan(60)
    await box.getByText('point 199').waitFor({ state: 'detached' })
    await page.getByRole('radiogroup', { name: 'How it is shown' }).getByText('List').click()
    await box.getByText('point 199').waitFor()
    expect(await points.count()).toBeLessThan(60)
    await page.getByRole('radiogroup', { name: 'How it is shown' }).getByText('Tree').click()

    await box.focus()
    await page.keyboard.press('End')
    await box.getByText('point 199').waitFor()
    await window.machine.timeline.point('point 198').dragTo(window.machine.timeline.point('Now'))
    await window.dialog('Restore "point 198"?').waitFor()
    await page.keyboard.press('Escape')
    await window.dialog('Restore "point 198"?').waitFor({ state: 'hidden' })

    await window.command('rename "point 137" old')
    await window.dialog('Rename "point 137"').waitFor()
    await page.keyboard.press('Escape')
  }, 180_000)
})

/** One real checkpoint of a running machine, and others like it, each with a time and a picture of its own: what is tested is the window. */
async function madeByOne(launch: (options: { home: string }) => Promise<{ close(): Promise<void> }>): Promise<void> {
  const driver = await launch({ home: home.folder })
  const engine = connectEngine(join(home.folder, 'run', 'engine.sock'))
  const { client } = engine
  const machine = await client.machine.create({ name: 'old', memoryMiB: 128, diskMiB: 64, start: true })
  await until(async () => (await client.machine.show({ machine: 'old' })).state === 'running', 'it runs', 60_000)
  const job = await client.job.wait({ job: (await client.checkpoint.take({ machine: 'old', label: 'point 0', what: 'disks' })).id })
  expect(job.error).toBeNull()
  await client.machine.stop({ machine: 'old', force: true })
  await until(async () => (await client.machine.show({ machine: 'old' })).state === 'stopped', 'it is off', 60_000)
  await engine.close()
  await driver.close()
  const folder = join(home.folder, 'data', 'machines', machine.id, 'checkpoints')
  const [first = ''] = await readdir(folder)
  const document = JSON.parse(await readFile(join(folder, first, 'checkpoint.json'), 'utf8')) as { readonly id: string; readonly takenAt: string }
  let parent = first
  for (let index = 1; index < amount; index++) {
    const id = `a${Array.from({ length: 11 }, () => randomInt(36).toString(36)).join('')}`
    await cp(join(folder, first), join(folder, id), { recursive: true })
    await writeFile(join(folder, id, 'checkpoint.json'), JSON.stringify({ ...document, id, parent, label: `point ${index}`, takenAt: new Date(Date.parse(document.takenAt) + index * minuteMs).toISOString() }))
    parent = id
  }
}
