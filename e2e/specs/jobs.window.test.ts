/** The tray of jobs, in both hosts: how far one is and how fast, that it can be stopped, what became of it, and what needs somebody. */
import { execFile } from 'node:child_process'
import { open, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { findQemu } from '../../engine/qemu/capabilities/find-qemu.ts'
import { connectEngine } from '../../hosts/socket/client.ts'
import { bothHosts, ownHomes } from '../drivers/both-hosts.fixture.ts'
import { findViolations } from './axe.fixture.ts'

const home = ownHomes()

describe.each(bothHosts)('in %s', (_name, _holder, launch) => {
  test('a job shows its bar and its speed, is stopped, and is found among those that ended; one that failed says why', async () => {
    const driver = await launch({ home: home.folder })
    home.afterwards(() => driver.close())
    const { page } = driver
    page.setDefaultTimeout(30_000)
    await page.getByRole('heading', { level: 1 }).waitFor()
    const engine = connectEngine(join(home.folder, 'run', 'engine.sock'))
    home.afterwards(() => engine.close())
    const { client } = engine

    await page.getByRole('button', { name: 'Jobs' }).click()
    // It is called as its button is, which counts those that run.
    const tray = page.getByRole('dialog', { name: /^(\d+ )?jobs?$/i })
    await tray.getByText('Long work shows here').waitFor()

    const broken = join(home.folder, 'broken.qcow2')
    await makeDamaged(broken)
    const failing = await client.image.add({ file: broken })
    const failed = await client.job.wait({ job: failing.id })
    await tray.getByRole('heading', { name: 'Needs you' }).waitFor()
    await tray.getByText(failed.error?.message ?? 'a reason').first().waitFor()

    // All holes: it is read without a disk, and long enough to be seen.
    const large = join(home.folder, 'installer.iso')
    await writeFile(large, '')
    await truncate(large, 16 * 1024 ** 3)
    const { id, title } = await client.image.add({ file: large })
    const row = tray.getByRole('listitem').filter({ hasText: title })
    await row.getByRole('progressbar', { name: title }).waitFor()
    await row.getByText(/\d %, [\d.]+ [KMG]iB\/s/).waitFor()
    await tray.getByText('1 running').waitFor()
    expect(await findViolations(page)).toEqual([])
    await row.getByRole('button', { name: 'Cancel' }).click()
    expect((await client.job.wait({ job: id })).state).toBe('cancelled')
    await tray.getByText('none running').waitFor()
    await tray.getByRole('heading', { name: 'Finished' }).waitFor()
    await row.getByText('cancelled').first().waitFor()
    await page.keyboard.press('Escape')
    await tray.waitFor({ state: 'hidden' })
  }, 120_000)
})

/** A qcow2 whose counts of references are gone, all in their block, which is the third cluster. Only who checks all of it finds out. */
async function makeDamaged(path: string): Promise<void> {
  const { imgBinary, env } = await findQemu()
  await promisify(execFile)(imgBinary ?? 'qemu-img', ['create', '-q', '-f', 'qcow2', path, '64M'], { env: { ...process.env, ...env } })
  const file = await open(path, 'r+')
  await file.write(Buffer.alloc(64), 0, 64, 2 * 65536)
  await file.close()
}
