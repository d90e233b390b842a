/** Shaping a machine: sliders, a restart that applies them, a disc in the drive. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeIso } from '../../engine/images/image-files.fixture.ts'
import { until } from '../conformance/until.ts'
import type { Stage } from './stage.fixture.ts'

const mark = 'A DISC OF ALPHA'
/** Where makeIso puts it, in bytes. */
const markAt = 20 * 2048

export function hardwareSpecs(stage: () => Stage): void {
  test('a slider says that its change waits for the next start; a restart applies it', async () => {
    const { window, client, page, home } = stage()
    const { hardware } = window.machine
    await window.machine.tab('Hardware')
    const before = await stage().machine('alpha')
    await hardware.size('Memory').waitFor()
    expect(await hardware.size('Memory').inputValue()).toBe('256 MiB')
    await hardware.slider('Memory').focus()
    await page.keyboard.press('ArrowRight')
    expect(await hardware.size('Memory').inputValue()).toBe('512 MiB')
    await hardware.size('Memory').fill('320 MiB')
    await hardware.button('Apply').click()
    await hardware.waiting.filter({ hasText: '320' }).waitFor()
    expect(await stage().machine('alpha')).toMatchObject({ pendingChanges: 1, pid: before.pid })

    await hardware.button('Restart and apply').click()
    await stage().engineSays('alpha', 'runs with what was asked for', ({ state, pid, pendingChanges, memoryMiB }) => state === 'running' && pid !== before.pid && pendingChanges === 0 && memoryMiB === 320, 60_000)
    await page.getByText('Nothing: the guest has everything as set here.').waitFor()
    await home.ready(client, 'alpha')
    const kib = Number(await home.sh(client, 'alpha', "awk '/MemTotal/ { print $2 }' /proc/meminfo"))
    expect(Math.round(kib / 1024 / 64)).toBe(4)
  })

  test('a change that waits can be dropped', async () => {
    const { window } = stage()
    const { hardware } = window.machine
    await hardware.size('CPUs').fill('1')
    await hardware.button('Apply').click()
    await hardware.waiting.filter({ hasText: 'CPUs' }).waitFor()
    await hardware.button('Drop').click()
    await hardware.waiting.first().waitFor({ state: 'detached' })
    expect(await stage().machine('alpha')).toMatchObject({ pendingChanges: 0, cpus: 2 })
  })
  test('an ISO file is added with the window’s own dialog, put into the drive of the running machine, read, and taken out', async () => {
    const { window, client, driver, home } = stage()
    const { hardware } = window.machine
    const file = join(home.root, 'disc-of-alpha.iso')
    await writeFile(file, makeIso(mark))
    await window.images.open()
    await window.images.add(file, driver)
    await window.images.row('disc-of-alpha').waitFor()
    expect((await client.image.list({})).find(({ name }) => name === 'disc-of-alpha.iso')).toMatchObject({ kind: 'iso', broken: null })

    await window.openMachine('alpha')
    await window.machine.tab('Hardware')
    await hardware.device('CD drive').getByRole('button', { name: 'Insert' }).click()
    await hardware.disc('disc-of-alpha').click()
    await hardware.device('CD drive').filter({ hasText: 'disc-of-alpha' }).waitFor()
    expect((await client.machine.show({ machine: 'alpha' })).config?.cdroms).toMatchObject([{ image: expect.any(String) as string }])
    // The guest's kernel looks at its drive every two seconds; it may meet the disc halfway in.
    await until(async () => (await home.sh(client, 'alpha', `dd if=/dev/sr0 bs=1 skip=${markAt} count=${mark.length} 2>/dev/null || true`)) === mark, 'the guest reads the disc', 30_000)

    await hardware.device('CD drive').getByRole('button', { name: 'Eject' }).click()
    await hardware.device('CD drive').filter({ hasText: 'disc-of-alpha' }).waitFor({ state: 'detached' })
    expect((await client.machine.show({ machine: 'alpha' })).config?.cdroms).toMatchObject([{ image: null }])
    await until(async () => (await home.sh(client, 'alpha', 'dd if=/dev/sr0 bs=2048 count=1 2>/dev/null | wc -c')).trim() === '0', 'the guest finds its drive empty', 30_000)
  })
}
