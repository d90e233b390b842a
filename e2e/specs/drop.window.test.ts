/** Files dropped on the window, in both hosts, as the system hands them over: a disc and a disk become images, an appliance is asked about. */
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { ovfText, writeOva } from '../../engine/appliance/ova.fixture.ts'
import { makeIso } from '../../engine/images/image-files.fixture.ts'
import { findQemu } from '../../engine/qemu/capabilities/find-qemu.ts'
import { connectEngine } from '../../hosts/socket/client.ts'
import { until } from '../conformance/until.ts'
import { bothHosts, ownHomes } from '../drivers/both-hosts.fixture.ts'
import { Window } from '../pages/window.ts'

const home = ownHomes()

/** A person cannot be told from this: the browser itself hands the files to the page. */
async function drop(page: Page, files: readonly string[]): Promise<void> {
  const session = await page.context().newCDPSession(page)
  const data = { items: [], files: [...files], dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) await session.send('Input.dispatchDragEvent', { type, x: 400, y: 300, data })
  await session.detach()
}

describe.each(bothHosts)('in %s', (_name, _holder, launch) => {
  test('an ISO, a disk image and an OVA that are dropped on the window', async () => {
    const folder = home.folder
    const [iso, disk, vmdk, ova] = ['installer.iso', 'data.qcow2', 'disk.vmdk', 'shop.ova'].map((name) => join(folder, name)) as [string, string, string, string]
    const { imgBinary, env } = await findQemu()
    const img = (...args: string[]): Promise<unknown> => promisify(execFile)(imgBinary ?? 'qemu-img', args, { env: { ...process.env, ...env } })
    await writeFile(iso, makeIso('dropped'))
    await img('create', '-q', '-f', 'qcow2', disk, '64M')
    await img('create', '-q', '-f', 'vmdk', '-o', 'subformat=streamOptimized', vmdk, '64M')
    await writeOva(ova, [{ name: 'shop.ovf', content: ovfText() }, { name: 'shop-disk1.vmdk', content: await readFile(vmdk) }])

    const driver = await launch({ home: folder })
    home.afterwards(() => driver.close())
    const { page } = driver
    const window = new Window(page)
    await page.getByRole('heading', { level: 1 }).waitFor()
    const engine = connectEngine(join(folder, 'run', 'engine.sock'))
    home.afterwards(() => engine.close())

    await drop(page, [iso])
    await window.wizard.image('installer').waitFor({ timeout: 30_000 })
    await page.keyboard.press('Escape')
    await window.wizard.dialog.waitFor({ state: 'hidden' })
    await window.images.open()
    await drop(page, [disk])
    await window.images.row('data').waitFor({ timeout: 30_000 })
    await until(async () => (await engine.client.image.list({})).map(({ kind }) => kind).toSorted().join() === 'disk,iso', 'the engine has both')
    expect(await page.evaluate('location.pathname')).toBe('/images')
    await drop(page, [ova])
    await window.wizard.dialog.getByText('a disk of 64 MiB on sata').waitFor({ timeout: 30_000 })
  }, 120_000)
})
