/** The first minute, in both hosts: one button from nothing to a login, three clicks to the next machine, and what stands in the way is told with its remedy. */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { connectEngine } from '../../hosts/socket/client.ts'
import { until } from '../conformance/until.ts'
import { bothHosts, ownHomes } from '../drivers/both-hosts.fixture.ts'
import { findViolations } from './axe.fixture.ts'
import { openStage } from './stage.fixture.ts'

describe.each(bothHosts)('in %s', (_name, _holder, launch) => {
  const stage = openStage(launch)

  test('the one button leads to a login on the console', async () => {
    const { page, window, client, home, driver } = stage()
    await page.getByRole('button', { name: 'Start a machine in one minute' }).click()
    await window.machine.name.filter({ hasText: 'tiny' }).waitFor()
    await home.ready(client, 'tiny')
    await window.machine.state('Running').waitFor()
    await until(async () => (await window.machine.serial.text(driver.host)).includes('MAYFLY READY'), 'the console shows its boot', 30_000)
    await window.machine.serial.type('echo logged in as $(id -un)')
    await until(async () => (await window.machine.serial.text(driver.host)).includes('logged in as root'), 'one is logged in', 30_000)
  }, 180_000)

  test('no more than three clicks lead to a console that boots', async () => {
    const { page, window, client, home } = stage()
    await page.evaluate(`globalThis.clicks = 0; window.addEventListener('click', (event) => { if (event.isTrusted) globalThis.clicks++ }, { capture: true })`)
    await page.getByRole('button', { name: 'New machine' }).click()
    await window.wizard.create.filter({ hasText: 'Create and start' }).click()
    await window.wizard.dialog.waitFor({ state: 'hidden' })
    await window.machine.name.filter({ hasText: 'tiny-2' }).waitFor()
    await page.getByRole('tab', { name: 'Console', selected: true }).waitFor()
    await home.ready(client, 'tiny-2')
    await window.machine.state('Running').waitFor()
    expect(await page.evaluate('globalThis.clicks')).toBeLessThanOrEqual(3)
  }, 180_000)
})

const ownHome = ownHomes()

describe.each(bothHosts)('in %s without QEMU', (_name, _holder, launch) => {
  test('the first page says what is missing on this computer, and what to do about it', async () => {
    const installed = process.env['MAYFLY_QEMU']
    process.env['MAYFLY_QEMU'] = '/nowhere/qemu-system-x86_64'
    const driver = await launch({ home: ownHome.folder }).finally(() => {
      if (installed === undefined) delete process.env['MAYFLY_QEMU']
      else process.env['MAYFLY_QEMU'] = installed
    })
    ownHome.afterwards(() => driver.close())
    const facts = driver.page.getByRole('region', { name: 'What this computer can do' })
    await facts.getByText('machines cannot start without it').waitFor({ timeout: 30_000 })
    const engine = connectEngine(join(ownHome.folder, 'run', 'engine.sock'))
    ownHome.afterwards(() => engine.close())
    const problem = (await engine.client.host.doctor({})).results.find(({ status }) => status === 'problem')
    await facts.getByText(problem?.remedies[0]?.text ?? 'a remedy').first().waitFor()
    expect(await findViolations(driver.page)).toEqual([])
  })
})
