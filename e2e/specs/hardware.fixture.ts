/** Shaping a machine: sliders, a restart that applies them, a disc in the drive. */
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { until } from '../conformance/until.ts'
import type { Stage } from './stage.fixture.ts'

const mark = 'A DISC OF ALPHA'
const sectorBytes = 2048

/** An ISO 9660 volume as far as its descriptors go (ECMA-119, 8.4), with a mark the guest can read. */
async function writeIso(path: string): Promise<void> {
  const file = await open(path, 'wx')
  try {
    await file.truncate(512 * sectorBytes)
    await file.write(Buffer.from(mark), 0, mark.length, 0)
    const primary = Buffer.alloc(sectorBytes)
    primary.write('\x01CD001\x01', 'latin1')
    primary.writeUInt32LE(512, 80)
    primary.writeUInt32BE(512, 84)
    primary.writeUInt16LE(sectorBytes, 128)
    primary.writeUInt16BE(sectorBytes, 130)
    await file.write(primary, 0, sectorBytes, 16 * sectorBytes)
    await file.write(Buffer.from('\xffCD001\x01', 'latin1'), 0, 7, 17 * sectorBytes)
  } finally {
    await file.close()
  }
}

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

  test('a disc is put into the drive of the running machine, and taken out', async () => {
    const { window, client, home, page } = stage()
    const { hardware } = window.machine
    const file = join(home.root, 'alpha.iso')
    await writeIso(file)
    await client.job.wait({ job: (await client.image.add({ file })).id })
    await hardware.device('CD drive').getByRole('button', { name: 'Insert' }).click()
    await page.getByRole('menuitem', { name: /alpha/ }).click()
    await hardware.device('CD drive').getByRole('button', { name: 'Eject' }).waitFor()
    expect((await client.machine.show({ machine: 'alpha' })).config?.cdroms).toMatchObject([{ image: expect.any(String) as string }])
    await until(async () => (await home.sh(client, 'alpha', `dd if=/dev/sr0 bs=${mark.length} count=1 2>/dev/null || true`)) === mark, 'the guest reads the disc', 30_000)

    await hardware.device('CD drive').getByRole('button', { name: 'Eject' }).click()
    await hardware.device('CD drive').getByRole('button', { name: 'Insert' }).waitFor()
    expect((await client.machine.show({ machine: 'alpha' })).config?.cdroms).toMatchObject([{ image: null }])
  })
}
