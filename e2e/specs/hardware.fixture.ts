/** Shaping a machine: sliders, a restart that applies them. */
import { expect, test } from 'vitest'
import type { Stage } from './stage.fixture.ts'

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
    await page.getByText('Nothing waits: the guest has all that is set here.').waitFor()
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
}
