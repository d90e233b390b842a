/** An OVA in a browser, one that lies on the engine's host and one that is sent: the wizard asks about both, with what they say filled in. */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ovfText, writeOva } from '../../engine/appliance/ova.fixture.ts'
import { findQemu } from '../../engine/qemu/capabilities/find-qemu.ts'
import { connectEngine } from '../../hosts/socket/client.ts'
import { until } from '../conformance/until.ts'
import { launchChromium } from '../drivers/chromium.fixture.ts'
import type { ChromiumDriver } from '../drivers/chromium.fixture.ts'
import { findViolations } from './axe.fixture.ts'

let home: string
let ova: string
let driver: ChromiumDriver

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'mayfly-ova-'))
  const [disk, { imgBinary, env }] = [join(home, 'disk.vmdk'), await findQemu()]
  await promisify(execFile)(imgBinary ?? 'qemu-img', ['create', '-q', '-f', 'vmdk', '-o', 'subformat=streamOptimized', disk, '64M'], { env: { ...process.env, ...env } })
  ova = join(home, 'shop.ova')
  await writeOva(ova, [{ name: 'shop.ovf', content: ovfText() }, { name: 'shop-disk1.vmdk', content: await readFile(disk) }])
  driver = await launchChromium({ home })
})
afterAll(async () => {
  await driver.close()
  await rm(home, { recursive: true })
})

test('its values stand in the wizard, may be changed, and become a machine', async () => {
  const { page } = driver
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Images' }).click()
  await page.getByRole('button', { name: 'Give a path' }).click()
  await page.getByRole('textbox', { name: 'Path on the computer Mayfly runs on' }).fill(ova)
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  const wizard = page.getByRole('dialog', { name: 'New machine' })
  await wizard.getByText('a disk of 64 MiB on sata').waitFor()
  const field = (name: string) => wizard.locator(`input[name="${name}"]`)
  expect(await Promise.all(['name', 'cpus', 'memory', 'disk'].map((name) => field(name).inputValue()))).toEqual(['Shop & till', '2', '256 MiB', '64 MiB'])
  await wizard.getByText('Its network cards are all on the user network').waitFor()
  expect(await findViolations(page)).toEqual([])
  await field('disk').fill('32 MiB')
  await wizard.getByText('Not smaller than its image').waitFor()
  await field('disk').fill('96 MiB')
  await field('cpus').fill('1')
  await wizard.getByRole('button', { name: 'Next' }).click()
  await wizard.getByRole('switch', { name: 'Start it at once' }).uncheck({ force: true })
  await wizard.getByRole('button', { name: 'Create', exact: true }).click()
  await wizard.waitFor({ state: 'hidden' })

  const engine = connectEngine(join(home, 'run', 'engine.sock'))
  try {
    await until(async () => (await engine.client.machine.list({})).some(({ name }) => name === 'Shop & till'), 'the machine is there', 60_000)
    expect((await engine.client.machine.show({ machine: 'Shop & till' })).config).toMatchObject({ cpus: 1, memoryMiB: 256, profile: 'compatible', disks: [{ sizeMiB: 96 }] })

    await page.locator('input[type=file]').first().setInputFiles(ova)
    await wizard.getByText('a disk of 64 MiB on sata').waitFor()
    expect((await engine.client.machine.list({})).length).toBe(1)
    expect(await field('name').inputValue()).toBe('Shop & till-2')
    await field('name').fill('sent')
    await wizard.getByRole('button', { name: 'Create and start' }).click()
    await wizard.waitFor({ state: 'hidden' })
    await until(async () => (await engine.client.machine.list({})).some(({ name, state }) => name === 'sent' && state === 'running'), 'the one that was sent is there, and runs', 60_000)
    await until(async () => (await readdir(join(home, 'data', 'uploads'))).length === 0, 'nothing of what was sent is left', 30_000)
  } finally {
    await engine.client.machine.stop({ machine: 'sent', force: true }).catch(() => undefined)
    await engine.close()
  }
})
