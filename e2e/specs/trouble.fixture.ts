/** What goes wrong, and how the window says it: QEMU killed, the engine killed. */
import { expect, test } from 'vitest'
import { findViolations } from './axe.fixture.ts'
import type { Stage } from './stage.fixture.ts'

export function troubleSpecs(stage: () => Stage): void {
  test('a QEMU that is killed is said, with what is kept, and the machine starts again', async () => {
    const { window, page } = stage()
    await window.machine.tab('Console')
    const { pid } = await stage().machine('alpha')
    if (pid === null) throw new Error('alpha has no process.')
    process.kill(pid, 'SIGKILL')
    await window.machine.state('Crashed').waitFor()
    await page.getByText('SIGKILL').first().waitFor()
    await page.getByText('Its disks and settings are kept as they were at that moment.').waitFor()
    expect(await stage().machine('alpha')).toMatchObject({ state: 'crashed', pid: null })
    expect(await findViolations(page)).toEqual([])
    await page.getByRole('button', { name: 'Start again' }).click()
    await window.machine.state('Running').waitFor()
    const again = await stage().engineSays('alpha', 'runs again', ({ state }) => state === 'running')
    expect(again.pid).not.toBe(pid)
  })

  test('an engine that is killed under the open window is told, and found again with its machines as they were', async () => {
    const { window, home } = stage()
    const before = await stage().machine('alpha')
    const engineAgain = await stage().withoutEngine()
    await window.engineAway.waitFor()
    await window.machine.state('Running').waitFor()
    await engineAgain()
    await window.engineAway.waitFor({ state: 'hidden' })
    await window.machine.state('Running').waitFor()
    expect(await stage().machine('alpha')).toMatchObject({ id: before.id, state: 'running', pid: before.pid })
    // What the window shows is alive again: it follows the engine that there is now.
    await window.machine.act('Pause')
    await window.machine.state('Paused').waitFor()
    await stage().engineSays('alpha', 'is paused', ({ state }) => state === 'paused')
    await window.machine.act('Resume')
    await window.machine.state('Running').waitFor()
    await home.ready(stage().client, 'alpha')
    expect(await home.sh(stage().client, 'alpha', 'echo well')).toBe('well\n')
  })
}
