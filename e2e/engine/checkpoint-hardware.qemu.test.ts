/** Checkpoints of machines with everything: UEFI, a TPM, several disks, a disc in its drive, a tablet. What cannot be saved is said before. */
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Job } from '../../contract/job.ts'
import type { EngineClient } from '../../engine/engine-face.ts'
import { makeIso } from '../../engine/images/image-files.fixture.ts'
import { folderOf } from './checkpoint-model.fixture.ts'
import { refusal, TestHome } from './test-home.fixture.ts'

const run = promisify(execFile)

let home: TestHome
let client: EngineClient

beforeAll(async () => {
  ;({ home, client } = await TestHome.withTiny())
}, 300_000)
afterAll(() => home.close())

const done = (begun: Promise<Job>): Promise<string> => home.done(client, begun)

test('UEFI, TPM, disks on two buses, a disc and a tablet are taken back together', async () => {
  const disc = join(home.root, 'disc.iso')
  await writeFile(disc, makeIso('the disc of the day', 40))
  await done(client.image.add({ file: disc, name: 'disc' }))
  await client.machine.create({ name: 'full', image: 'tiny', memoryMiB: 256, cpus: 1, firmware: 'uefi', tpm: true, diskMiB: 128 })
  await client.job.wait({ job: (await client.disk.add({ machine: 'full', sizeMiB: 64, bus: 'virtio-scsi' })).id })
  const { config } = await client.machine.show({ machine: 'full' })
  expect(config?.usb.tablet).toBe(true)
  if (config?.cdroms.length === 0) throw new Error('It has no drive.')
  await client.cdrom.insert({ machine: 'full', image: 'disc' })
  await client.machine.start({ machine: 'full' })
  await home.ready(client, 'full')
  // Written to before it is there, it would be a file of the guest's RAM.
  await home.sh(client, 'full', 'modprobe -a virtio_scsi sd_mod; i=0; while [ ! -b /dev/sda ] && [ $i -lt 100 ]; do usleep 100000; i=$((i+1)); done; test -b /dev/sda')
  const write = (word: string): Promise<string> => home.sh(client, 'full', `mkdir -p /run; echo ${word} > /run/mark; printf '%-512s' ${word} | dd of=/dev/sda bs=512 seek=9 conv=fsync 2>/dev/null; echo ${word} > /data/mark; sync`)
  const read = (): Promise<string> => home.sh(client, 'full', 'echo 3 > /proc/sys/vm/drop_caches; cat /run/mark /data/mark; dd if=/dev/sda bs=512 skip=9 count=1 2>/dev/null | tr -d " "')
  await write('one')
  const pcrs = await home.sh(client, 'full', 'cat /sys/class/tpm/tpm0/pcr-sha256/* 2>/dev/null | head -5 || true')
  await done(client.checkpoint.take({ machine: 'full', label: 'one', what: 'ram' }))
  const one = await client.checkpoint.show({ machine: 'full', checkpoint: 'one' })
  expect([one.hasNvram, one.hasTpm, one.disks]).toEqual([true, true, ['disk0', 'disk1']])
  await write('two')
  await client.cdrom.eject({ machine: 'full', force: true })
  await done(client.checkpoint.take({ machine: 'full', label: 'two', what: 'disks' }))
  await write('three')
  await done(client.checkpoint.restore({ machine: 'full', checkpoint: 'one' }))
  expect((await client.machine.show({ machine: 'full' })).state).toBe('running')
  expect(await read()).toBe('one\none\none')
  expect(await home.sh(client, 'full', 'cat /sys/class/tpm/tpm0/pcr-sha256/* 2>/dev/null | head -5 || true')).toBe(pcrs)
  expect((await client.machine.show({ machine: 'full' })).config?.cdroms[0]?.image).not.toBeNull()
  await done(client.checkpoint.restore({ machine: 'full', checkpoint: 'two' }))
  expect((await client.machine.show({ machine: 'full' })).config?.cdroms[0]?.image).toBeNull()
  // Booting it again would take as long as all of this; its second disk is looked into from outside.
  const names = await folderOf(home, client, 'full')
  const { disks } = JSON.parse(await readFile(names.layers, 'utf8')) as { disks: Record<string, string[]> }
  const { stdout } = await run('qemu-io', ['-r', '-f', 'qcow2', '-c', 'read -v 4608 512', join(names.disks, 'disk1', disks['disk1']?.at(-1) ?? '')])
  // The word, in hexadecimal.
  expect(stdout).toContain('74 77 6f 20')
  expect(home.bugs).toEqual([])
})

test('a machine whose RAM cannot be saved says so before, and its disks can be saved', async () => {
  await client.machine.create({ name: 'nvme', image: 'tiny', memoryMiB: 192, cpus: 1, diskBus: 'nvme', start: true })
  expect((await client.checkpoint.list({ machine: 'nvme' })).ramBlockers).toEqual([expect.stringContaining('NVMe')])
  expect(await refusal(client.checkpoint.take({ machine: 'nvme', label: 'ram', what: 'ram' }))).toBe('unsupported')
  await done(client.checkpoint.take({ machine: 'nvme', label: 'whatever' }))
  expect((await client.checkpoint.show({ machine: 'nvme', checkpoint: 'whatever' })).kind).toBe('disks')
  await client.machine.stop({ machine: 'nvme', force: true })
})

test('a chain stays short, however many checkpoints there are, off and running', async () => {
  await client.machine.create({ name: 'deep', image: 'tiny', memoryMiB: 192, cpus: 1, diskMiB: 64 })
  for (let number = 0; number < 17; number++) await done(client.checkpoint.take({ machine: 'deep', label: `off ${number}` }))
  expect((await client.machine.show({ machine: 'deep' })).disks[0]?.layers).toBeLessThanOrEqual(3)
  await client.machine.start({ machine: 'deep' })
  await home.ready(client, 'deep')
  for (let number = 0; number < 17; number++) await done(client.checkpoint.take({ machine: 'deep', label: `on ${number}`, what: 'disks', freezeFileSystems: 'no' }))
  expect((await client.machine.show({ machine: 'deep' })).disks[0]?.layers).toBeLessThanOrEqual(6)
  await home.sh(client, 'deep', 'echo alive > /data/mark; sync')
  await client.machine.stop({ machine: 'deep', force: true })
  expect(await done(client.disk.check({ machine: 'deep' }))).toBe('All disks are sound.')
  expect((await client.checkpoint.list({ machine: 'deep' })).checkpoints.filter(({ broken }) => broken !== null)).toEqual([])
  expect(home.bugs).toEqual([])
})
