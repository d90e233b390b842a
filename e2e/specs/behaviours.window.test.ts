/** How the window behaves around machines, in both hosts: keys, palette, boot order, settings, trash, a crash, a start. The guests are firmware alone: nothing has to boot. */
import { describe, expect, test } from 'vitest'
import { until } from '../conformance/until.ts'
import { launchChromium } from '../drivers/chromium.fixture.ts'
import type { Driver, LaunchOptions } from '../drivers/driver.fixture.ts'
import { launchElectron } from '../drivers/electron.fixture.ts'
import { findViolations } from './axe.fixture.ts'
import { openSmallList } from './small-list.fixture.ts'

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
  const place = openSmallList(launch, [{ name: 'alpha' }, { name: 'beta' }], 15_000)

  test('the keys of this host open the wizard and a view, hide the list, and stand in the sheet of keys', async () => {
    const { page } = place.driver
    await place.window.list.open('alpha')
    await page.keyboard.press(secondTabKey)
    await page.getByRole('tab', { name: 'Overview', selected: true }).waitFor()
    await page.keyboard.press('Control+b')
    await place.window.list.box.waitFor({ state: 'hidden' })
    await page.keyboard.press('Control+b')
    await place.window.list.box.waitFor()
    await page.keyboard.press(newMachineKey)
    await place.window.wizard.dialog.waitFor()
    await page.keyboard.press('Escape')
    await place.window.wizard.dialog.waitFor({ state: 'hidden' })
    await page.keyboard.press('?')
    const shown = await place.window.dialog('Keys').innerText()
    expect(shown.replaceAll(/\s+/g, ' ')).toContain(`${newMachineKey.startsWith('Alt') ? 'Alt' : 'Ctrl'} N new machine`)
    await page.keyboard.press('Escape')
  })

  test('Tab in the palette asks for an action’s options, Ctrl+C copies its command line', async () => {
    const { page } = place.driver
    await place.window.list.open('alpha')
    const { palette, field } = await place.window.openPalette()
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
    await place.window.list.row('gamma').waitFor()
    expect((await place.machine('gamma')).state).toBe('stopped')
  })

  test('the palette pulls a network cable out and puts it in again, with the command line beside it', async () => {
    const connected = async () => (await place.client.machine.show({ machine: 'alpha' })).config?.nics[0]?.connected
    for (const [asked, told, after] of [['unplug alpha', 'Unplug the network cable of alpha', false], ['plug alpha', 'Plug in the network cable of alpha', true]] as const) {
      const { palette, field } = await place.window.openPalette()
      await field.fill(asked)
      await palette.getByText(told).waitFor()
      await field.press('Control+c')
      await palette.getByText(`Copied: mayfly nic connect alpha nic0${after ? '' : ' --no-connected'}`, { exact: true }).waitFor()
      await field.press('Enter')
      await palette.waitFor({ state: 'hidden' })
      await until(async () => (await connected()) === after, told)
    }
  })

  test('the palette restores a checkpoint and forks another, each by its name', async () => {
    const machine = 'kept'
    await place.client.machine.create({ name: machine, memoryMiB: 128, diskMiB: 64 })
    const done = (): Promise<void> => until(async () => (await place.client.job.list({})).every(({ state }) => state === 'done'), 'all jobs are done', 30_000)
    for (const label of ['clean', 'changed']) {
      await place.client.checkpoint.take({ machine, label })
      await done()
    }
    const [clean, changed] = (await place.client.checkpoint.list({ machine })).checkpoints.toSorted((a, b) => b.label.localeCompare(a.label))
    expect([clean?.label, changed?.label]).toEqual(['clean', 'changed'])
    await place.window.list.row(machine).waitFor()
    const choose = async (asked: string, told: string, command: string): Promise<void> => {
      const { palette, field } = await place.window.openPalette()
      await field.fill(asked)
      await palette.getByText(told, { exact: true }).waitFor()
      await field.press('Control+c')
      await palette.getByText(`Copied: ${command}`, { exact: true }).waitFor()
      await field.press('Enter')
      await palette.waitFor({ state: 'hidden' })
    }

    await choose('restore clean kept', 'Restore "clean" of kept', 'mayfly checkpoint restore kept clean')
    await place.window.answer('Restore "clean"?', 'Restore')
    await until(async () => (await place.client.checkpoint.list({ machine })).present.parent === clean?.id, 'it stands where it stood then', 30_000)
    await done()
    await choose('fork changed kept', 'Fork "changed" of kept', 'mayfly fork kept --from changed')
    const fork = async () => (await place.client.machine.list({})).find(({ origin }) => origin !== null)
    await until(async () => (await fork())?.state === 'running', 'the fork runs', 30_000)
    const made = await fork()
    expect(made?.origin).toMatchObject({ machineName: machine, checkpoint: changed?.id, checkpointLabel: 'changed' })
    await place.window.machine.name.filter({ hasText: made?.name ?? '' }).waitFor()
    await place.client.machine.stop({ machine: made?.id ?? '', force: true })
  })

  test('a disk whose space is reserved is a job', async () => {
    const { page } = place.driver
    await place.window.openMachine('alpha')
    await place.window.machine.tab('Hardware')
    await page.getByRole('button', { name: 'Add device' }).click()
    await page.getByRole('menuitem', { name: 'Disk' }).click()
    await page.getByRole('textbox', { name: 'Size' }).fill('16 MiB')
    const reserve = page.getByRole('switch', { name: 'Reserve its space now' })
    await reserve.press('Space')
    await until(() => reserve.isChecked(), 'it is chosen')
    await page.getByRole('button', { name: 'Add disk' }).click()
    await until(async () => (await place.client.machine.show({ machine: 'alpha' })).disks.some(({ id, allocatedBytes }) => id === 'disk1' && allocatedBytes >= 16 * 1024 ** 2), 'it is there, with its space')
    await until(async () => (await place.client.job.list({})).find(({ kind }) => kind === 'disk.add')?.state === 'done', 'the job is done')
    expect((await place.client.job.list({})).find(({ kind }) => kind === 'disk.add')).toMatchObject({ title: 'Add a disk to alpha' })
    await page.getByText('disk1').first().waitFor()
    await place.client.disk.remove({ machine: 'alpha', disk: 'disk1' })
  })

  test('what can be booted from is put in order by keys and buttons', async () => {
    const { page } = place.driver
    await place.window.list.open('alpha')
    await place.window.machine.tab('Hardware')
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
    const { config } = await place.client.machine.show({ machine: 'alpha' })
    expect([config?.nics[0]?.bootIndex, config?.cdroms[0]?.bootIndex, config?.disks[0]?.bootIndex]).toEqual([1, 2, undefined])
  })

  test('what is decided in the settings is the engine’s, and is kept where it is refused', async () => {
    const { page } = place.driver
    await place.window.go('/settings')
    await page.getByRole('radiogroup', { name: 'Quitting' }).getByText('Leave machines running').click()
    await until(async () => (await place.client.settings.show({})).onQuit === 'leave-running', 'the engine knows it')
    const port = page.getByRole('textbox', { name: 'Port' })
    await port.fill('70000')
    await page.getByText('A port from 1 to 65535, or nothing.').waitFor()
    await port.fill('8123')
    await port.press('Enter')
    await until(async () => (await place.client.settings.show({})).servePort === 8123, 'the engine knows it')
    expect(await findViolations(page)).toEqual([])
    await place.client.settings.reset({})
  })

  test('what deletes is not what Enter presses; what was deleted is in the trash, one press away', async () => {
    const { page } = place.driver
    await place.window.openMachine('gamma')
    await place.window.list.box.press('Delete')
    const dialog = place.window.dialog('Delete gamma?')
    await dialog.getByRole('button', { name: 'Cancel' }).and(page.locator(':focus')).waitFor()
    await dialog.getByRole('button', { name: 'Delete gamma' }).click()
    await place.window.toast(/In the trash: .*gamma/).getByRole('button', { name: 'Open the trash' }).click()
    await page.getByRole('listitem').filter({ hasText: 'gamma' }).getByRole('button', { name: 'Restore' }).click()
    await until(async () => (await place.client.machine.list({})).some(({ name }) => name === 'gamma'), 'it is back')
  })

  test('a machine that starts says how far it is; its crash is said once, with one way on', async () => {
    const { page } = place.driver
    await place.client.machine.create({ name: 'looked at meanwhile', memoryMiB: 128 })
    await place.window.openMachine('alpha')
    await place.window.machine.tab('Overview')
    await page.getByRole('button', { name: 'Start', exact: true }).first().click()
    const starting = page.getByRole('region', { name: 'alpha is starting' })
    await starting.getByText('Nothing on its serial port yet.').waitFor()
    await until(async () => (await place.machine('alpha')).state === 'running', 'it runs')
    await place.window.list.open('looked at meanwhile')
    const { pid } = await place.machine('alpha')
    if (pid === null) throw new Error('alpha has no process.')
    process.kill(pid, 'SIGKILL')
    const toast = place.window.toast('alpha needs you')
    await toast.waitFor()
    await place.window.list.open('alpha')
    await toast.waitFor({ state: 'detached' })
    await place.window.machine.tab('Console')
    await page.getByRole('button', { name: 'Start again' }).waitFor()
    expect(await page.getByRole('main').getByRole('button', { name: /^Start/ }).count()).toBe(1)
    expect(await page.getByRole('main').getByText('SIGKILL').count()).toBe(1)
  })
})
