/** How the window behaves around machines, in both hosts: keys, palette, boot order, settings, trash, a crash, a start. The guests are firmware alone: nothing has to boot. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { connectEngine } from '../../hosts/socket/client.ts'
import { until } from '../conformance/until.ts'
import { launchChromium } from '../drivers/chromium.fixture.ts'
import type { Driver, LaunchOptions } from '../drivers/driver.fixture.ts'
import { launchElectron } from '../drivers/electron.fixture.ts'
import { Window } from '../pages/window.ts'
import { findViolations } from './axe.fixture.ts'

interface Face {
  readonly host: string
  readonly launch: (options: LaunchOptions) => Promise<Driver>
  readonly newMachineKey: string
  readonly secondTabKey: string
}

const faces: readonly Face[] = [
  { host: 'the window', launch: launchElectron, newMachineKey: 'Control+n', secondTabKey: 'Control+2' },
  { host: 'a browser', launch: launchChromium, newMachineKey: 'Alt+n', secondTabKey: 'Alt+Shift+Digit2' },
]

describe.each(faces)('in $host', ({ launch, newMachineKey, secondTabKey }) => {
  let home: string
  let driver: Driver
  let client: EngineClient
  let window: Window
  const cleanups: (() => unknown)[] = []

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'mayfly-how-'))
    cleanups.push(() => rm(home, { recursive: true }))
    driver = await launch({ home })
    cleanups.push(() => driver.close())
    driver.page.setDefaultTimeout(15_000)
    window = new Window(driver.page)
    await driver.page.getByRole('heading', { level: 1 }).waitFor()
    const engine = connectEngine(join(home, 'run', 'engine.sock'))
    cleanups.push(() => engine.close())
    ;({ client } = engine)
    await client.machine.create({ name: 'alpha', memoryMiB: 128, diskMiB: 64 })
    await client.machine.create({ name: 'beta', memoryMiB: 128, diskMiB: 64 })
    await window.list.row('alpha').waitFor()
  }, 120_000)
  // What one test left open is not in the next one's way.
  afterEach(async () => {
    await driver.page.keyboard.press('Escape')
    await driver.page.keyboard.press('Escape')
  })
  afterAll(async () => {
    for (const { id, pid } of await client.machine.list({})) if (pid !== null) await client.machine.stop({ machine: id, force: true })
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  }, 60_000)

  async function machine(name: string) {
    const found = (await client.machine.list({})).find((candidate) => candidate.name === name)
    if (found === undefined) throw new Error(`There is no ${name}.`)
    return found
  }

  test('the keys of this host open the wizard and a view, hide the list, and stand in the sheet of keys', async () => {
    const { page } = driver
    await window.list.open('alpha')
    await page.keyboard.press(secondTabKey)
    await page.getByRole('tab', { name: 'Overview', selected: true }).waitFor()
    await page.keyboard.press('Control+b')
    await window.list.box.waitFor({ state: 'hidden' })
    await page.keyboard.press('Control+b')
    await window.list.box.waitFor()
    await page.keyboard.press(newMachineKey)
    await window.wizard.dialog.waitFor()
    await page.keyboard.press('Escape')
    await window.wizard.dialog.waitFor({ state: 'hidden' })
    await page.keyboard.press('?')
    const shown = await window.dialog('Keys').innerText()
    expect(shown.replaceAll(/\s+/g, ' ')).toContain(`${newMachineKey.startsWith('Alt') ? 'Alt' : 'Ctrl'} N new machine`)
    await page.keyboard.press('Escape')
  })

  test('Tab in the palette asks for an action’s options, Ctrl+C copies its command line', async () => {
    const { page } = driver
    await window.list.open('alpha')
    await page.keyboard.press('Control+k')
    const palette = window.dialog('Find a machine or do anything')
    const field = palette.getByRole('searchbox').or(palette.getByRole('textbox')).or(palette.getByRole('combobox')).first()
    await field.fill('start beta')
    await palette.getByText('Start beta').waitFor()
    await field.press('Control+c')
    await palette.getByText('Copied: mayfly start beta').waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe('mayfly start beta')
    await field.fill('rename beta')
    await palette.getByText('Rename beta').waitFor()
    await field.press('Tab')
    await palette.getByRole('textbox', { name: 'Name' }).fill('gamma')
    await palette.getByText('mayfly rename beta gamma').waitFor()
    expect(await findViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await field.press('Tab')
    await palette.getByRole('textbox', { name: 'Name' }).fill('gamma')
    await page.keyboard.press('Enter')
    await palette.waitFor({ state: 'hidden' })
    await window.list.row('gamma').waitFor()
    expect((await machine('gamma')).state).toBe('stopped')
  })

  test('the palette pulls a network cable out and puts it in again, with the command line beside it', async () => {
    const { page } = driver
    const connected = async () => (await client.machine.show({ machine: 'alpha' })).config?.nics[0]?.connected
    for (const [asked, told, after] of [['unplug alpha', 'Unplug the network cable of alpha', false], ['plug alpha', 'Plug in the network cable of alpha', true]] as const) {
      await page.keyboard.press('Control+k')
      const palette = window.dialog('Find a machine or do anything')
      const field = palette.getByRole('searchbox').or(palette.getByRole('textbox')).or(palette.getByRole('combobox')).first()
      await field.fill(asked)
      await palette.getByText(told).waitFor()
      await field.press('Control+c')
      await palette.getByText(`Copied: mayfly nic connect alpha nic0${after ? '' : ' --no-connected'}`, { exact: true }).waitFor()
      await field.press('Enter')
      await palette.waitFor({ state: 'hidden' })
      await until(async () => (await connected()) === after, told)
    }
  })

  test('a disk whose space is reserved is a job', async () => {
    const { page } = driver
    await window.openMachine('alpha')
    await window.machine.tab('Hardware')
    await page.getByRole('button', { name: 'Add device' }).click()
    await page.getByRole('menuitem', { name: 'Disk' }).click()
    await page.getByRole('textbox', { name: 'Size' }).fill('16 MiB')
    const reserve = page.getByRole('switch', { name: 'Reserve its space now' })
    await reserve.press('Space')
    await until(() => reserve.isChecked(), 'it is chosen')
    await page.getByRole('button', { name: 'Add disk' }).click()
    await until(async () => (await client.machine.show({ machine: 'alpha' })).disks.some(({ id, allocatedBytes }) => id === 'disk1' && allocatedBytes >= 16 * 1024 ** 2), 'it is there, with its space')
    await until(async () => (await client.job.list({})).find(({ kind }) => kind === 'disk.add')?.state === 'done', 'the job is done')
    expect((await client.job.list({})).find(({ kind }) => kind === 'disk.add')).toMatchObject({ title: 'Add a disk to alpha' })
    await page.getByText('disk1').first().waitFor()
    await client.disk.remove({ machine: 'alpha', disk: 'disk1' })
  })

  test('what can be booted from is put in order by keys and buttons', async () => {
    const { page } = driver
    await window.list.open('alpha')
    await window.machine.tab('Hardware')
    await page.getByRole('listitem').filter({ hasText: 'Boot order' }).getByRole('button', { name: 'Edit' }).click()
    const order = page.getByRole('form', { name: 'Boot order' })
    await order.getByRole('button', { name: 'Boot from Network' }).click()
    await order.getByRole('button', { name: /^Move Network/ }).focus()
    await page.keyboard.press('Home')
    await order.getByText('Tried in this order: Network, disk0, CD drive').waitFor()
    await order.getByRole('button', { name: 'disk0 later' }).click()
    await order.getByText('Tried in this order: Network, CD drive, disk0').waitFor()
    await order.getByRole('button', { name: 'Do not boot from disk0' }).click()
    expect(await findViolations(page)).toEqual([])
    await order.getByRole('button', { name: 'Apply' }).click()
    await order.waitFor({ state: 'detached' })
    const { config } = await client.machine.show({ machine: 'alpha' })
    expect([config?.nics[0]?.bootIndex, config?.cdroms[0]?.bootIndex, config?.disks[0]?.bootIndex]).toEqual([1, 2, undefined])
  })

  test('what is decided in the settings is the engine’s, and is kept where it is refused', async () => {
    const { page } = driver
    await window.go('/settings')
    await page.getByRole('radiogroup', { name: 'Quitting' }).getByText('Leave machines running').click()
    await until(async () => (await client.settings.show({})).onQuit === 'leave-running', 'the engine knows it')
    const port = page.getByRole('textbox', { name: 'Port' })
    await port.fill('70000')
    await page.getByText('A port from 1 to 65535, or nothing.').waitFor()
    await port.fill('8123')
    await port.press('Enter')
    await until(async () => (await client.settings.show({})).servePort === 8123, 'the engine knows it')
    expect(await findViolations(page)).toEqual([])
    await client.settings.reset({})
  })

  test('what deletes is not what Enter presses; what was deleted is in the trash, one press away', async () => {
    const { page } = driver
    await window.openMachine('gamma')
    await window.list.box.press('Delete')
    const dialog = window.dialog('Delete gamma?')
    await dialog.getByRole('button', { name: 'Cancel' }).and(page.locator(':focus')).waitFor()
    await dialog.getByRole('button', { name: 'Delete gamma' }).click()
    await window.toast(/In the trash: .*gamma/).getByRole('button', { name: 'Open the trash' }).click()
    await page.getByRole('listitem').filter({ hasText: 'gamma' }).getByRole('button', { name: 'Restore' }).click()
    await until(async () => (await client.machine.list({})).some(({ name }) => name === 'gamma'), 'it is back')
  })

  test('a machine that starts says how far it is; its crash is said once, with one way on', async () => {
    const { page } = driver
    await client.machine.create({ name: 'looked at meanwhile', memoryMiB: 128 })
    await window.openMachine('alpha')
    await window.machine.tab('Overview')
    await page.getByRole('button', { name: 'Start', exact: true }).first().click()
    const starting = page.getByRole('region', { name: 'alpha is starting' })
    await starting.getByText('Nothing on its serial port yet.').waitFor()
    await until(async () => (await machine('alpha')).state === 'running', 'it runs')
    await window.list.open('looked at meanwhile')
    const { pid } = await machine('alpha')
    if (pid === null) throw new Error('alpha has no process.')
    process.kill(pid, 'SIGKILL')
    const toast = window.toast('alpha needs you')
    await toast.waitFor()
    await window.list.open('alpha')
    await toast.waitFor({ state: 'detached' })
    await window.machine.tab('Console')
    await page.getByRole('button', { name: 'Start again' }).waitFor()
    expect(await page.getByRole('main').getByRole('button', { name: /^Start/ }).count()).toBe(1)
    expect(await page.getByRole('main').getByText('SIGKILL').count()).toBe(1)
  })
})
