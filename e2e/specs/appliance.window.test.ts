/** An OVA in a browser: one that lies on the engine's host is asked about first, one that is sent becomes a machine at once. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
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

test('its values are shown, may be changed, and become a machine', async () => {
  const { page } = driver
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Images' }).click()
  await page.getByRole('button', { name: 'Give a path' }).click()
  await page.getByRole('textbox', { name: 'Path on the computer Mayfly runs on' }).fill(ova)
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  const dialog = page.getByRole('dialog', { name: 'Import an appliance' })
  await dialog.getByText('a disk of 64 MiB on sata').waitFor()
  expect(await dialog.getByRole('textbox', { name: 'Name' }).inputValue()).toBe('Shop & till')
  await dialog.getByRole('textbox', { name: 'CPUs' }).fill('1')
  await dialog.getByText('Its network cards are all on the user network').waitFor()
  await dialog.getByRole('button', { name: 'Import' }).click()
  await dialog.waitFor({ state: 'hidden' })

  const engine = connectEngine(join(home, 'run', 'engine.sock'))
  try {
    await until(async () => (await engine.client.machine.list({})).some(({ name }) => name === 'Shop & till'), 'the machine is there', 30_000)
    expect((await engine.client.machine.show({ machine: 'Shop & till' })).config).toMatchObject({ cpus: 1, memoryMiB: 256, profile: 'compatible' })

    await page.locator('input[type=file]').first().setInputFiles(ova)
    await until(async () => (await engine.client.machine.list({})).some(({ name }) => name === 'Shop & till 2'), 'the one that was sent is there, too', 30_000)
    await page.getByRole('heading', { level: 1, name: 'Shop & till 2' }).waitFor()
  } finally {
    await engine.close()
  }
})
