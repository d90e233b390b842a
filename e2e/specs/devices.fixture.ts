/** Devices of a machine that is off: each change is made at once, one that cannot be made is said, and none is lost by a slip. */
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import type { MachineConfig } from '../../contract/machine.ts'
import { until } from '../conformance/until.ts'
import type { Stage } from './stage.fixture.ts'

const machine = 'shelf'

export function deviceSpecs(stage: () => Stage): void {
  const config = async (): Promise<MachineConfig> => {
    const found = (await stage().client.machine.show({ machine })).config
    if (found === null) throw new Error('It has a configuration.')
    return found
  }
  const becomes = (what: string, holds: (config: MachineConfig) => boolean): Promise<void> => until(async () => holds(await config()), `the engine says that ${what}`, 20_000)
  const choose = async (device: string, item: string): Promise<void> => {
    await stage().window.machine.hardware.device(device).getByRole('button', { name: 'Edit' }).click()
    await stage().page.getByRole('menuitemradio', { name: item }).or(stage().page.getByRole('menuitem', { name: item, exact: true })).click()
  }
  const add = async (device: string): Promise<void> => {
    await stage().window.machine.hardware.button('Add device').click()
    await stage().page.getByRole('menuitem', { name: device, exact: true }).click()
  }

  beforeAll(async () => {
    const { client } = stage()
    await client.machine.create({ name: machine, memoryMiB: 256, diskMiB: 64 })
  })

  test('display, sound, firmware, TPM, watchdog, balloon and network cards are changed where they stand', async () => {
    const { window } = stage()
    const { hardware } = window.machine
    await window.openMachine(machine)
    await window.machine.tab('Hardware')
    await hardware.device('Display').filter({ hasText: 'now' }).waitFor()
    await choose('Display', 'standard VGA, for any system')
    await becomes('its display is a plain one', ({ display }) => display.model === 'std')
    await hardware.device('Display').filter({ hasText: 'standard VGA, for any system' }).waitFor()

    await hardware.device('Sound').filter({ hasText: 'a sound card' }).getByRole('button', { name: 'Remove the sound card' }).click()
    await becomes('it has no sound card', ({ sound }) => sound === 'none')
    await hardware.device('Sound').filter({ hasText: 'no sound card' }).getByRole('button', { name: 'Add' }).click()
    await becomes('it has one', ({ sound }) => sound === 'on')

    await choose('Firmware', 'UEFI, Secure Boot on')
    await becomes('its firmware is UEFI with Secure Boot', ({ firmware }) => firmware.kind === 'uefi' && firmware.secureBoot)
    await hardware.device('Firmware').filter({ hasText: 'UEFI, Secure Boot on' }).waitFor()
    await choose('Firmware', 'BIOS')
    await becomes('its firmware is a BIOS', ({ firmware }) => firmware.kind === 'bios' && !firmware.secureBoot)

    await add('TPM 2.0')
    await becomes('it has a TPM', ({ tpm }) => tpm)
    await hardware.device('TPM').getByRole('button', { name: 'Remove' }).click()
    await becomes('it has no TPM', ({ tpm }) => !tpm)

    await add('Watchdog')
    await becomes('it has a watchdog', ({ watchdog }) => watchdog?.action === 'reset')
    await hardware.device('Watchdog').filter({ hasText: 'resets the guest when it hangs' }).getByRole('button', { name: 'Remove' }).click()
    await becomes('it has no watchdog', ({ watchdog }) => watchdog === undefined)

    await hardware.device('Balloon').getByRole('button', { name: 'Remove' }).click()
    await becomes('it has no balloon', ({ balloon }) => !balloon)
    await hardware.device('Balloon').filter({ hasText: 'what the guest uses is not known' }).waitFor()

    await add('Network card')
    await becomes('it has two cards', ({ nics }) => nics.length === 2)
    await hardware.device('Network').getByRole('button', { name: 'Unplug the cable' }).click()
    await becomes('a cable is out', ({ nics }) => nics[0]?.connected === false)
    await hardware.device('Network').filter({ hasText: 'cable out' }).waitFor()
  })

  test('a disk that cannot grow is said, while what else was asked for is made; what was typed stays', async () => {
    const { window, client, page } = stage()
    const { hardware } = window.machine
    const { folder } = await client.machine.show({ machine })
    const disk = join(folder, 'disks', 'disk0')
    for (const file of await readdir(disk)) await writeFile(join(disk, file), 'no disk any more')
    await hardware.size('Memory').fill('320 MiB')
    await hardware.size('Disk').fill('96 MiB')
    await hardware.button('Apply').click()
    await page.getByRole('alert').filter({ hasText: 'Grow disk0: not done' }).waitFor()
    expect(await config()).toMatchObject({ memoryMiB: 320, disks: [{ sizeMiB: 64 }] })
    expect([await hardware.size('Memory').inputValue(), await hardware.size('Disk').inputValue()]).toEqual(['320 MiB', '96 MiB'])
    await hardware.button('Undo').click()
    expect(await hardware.size('Disk').inputValue()).toBe('64 MiB')
  })

  test('a disk is deleted only by whoever writes its name', async () => {
    const { window, page } = stage()
    await window.machine.hardware.device('Disk, disk0').getByRole('button', { name: 'Delete disk0 and its data' }).click()
    const dialog = window.dialog('Delete disk0 of shelf?')
    await dialog.getByText('The disk of 64 MiB').waitFor()
    const press = dialog.getByRole('button', { name: 'Delete disk0 and its data' })
    await press.click({ force: true })
    await dialog.getByRole('textbox').fill('disk1')
    await page.keyboard.press('Enter')
    expect([await press.getAttribute('aria-disabled'), (await config()).disks.length]).toEqual(['true', 1])
    await dialog.getByRole('textbox').fill('disk0')
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'hidden' })
    expect((await config()).disks).toEqual([])
  })
}
