import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { freeTcpPort } from '../../engine/machine/host-ports.ts'
import { refusal, TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient

beforeAll(async () => {
  ;({ home, client } = await TestHome.withTiny())
}, 300_000)
afterAll(() => home.close())

/** An ISO 9660 volume as far as its descriptor goes (ECMA-119, 8.4), with a mark the guest can read. */
async function makeIso(name: string, mark: string): Promise<string> {
  const path = join(home.root, name)
  const file = await open(path, 'w')
  try {
    await file.truncate(1024 * 1024)
    await file.write(Buffer.from(mark), 0, mark.length, 0)
    await file.write(Buffer.from('\x01CD001\x01\0', 'latin1'), 0, 8, 16 * 2048)
    const sectors = Buffer.alloc(8)
    sectors.writeUInt32LE(512, 0)
    sectors.writeUInt32BE(512, 4)
    await file.write(sectors, 0, 8, 16 * 2048 + 80)
    const blockSize = Buffer.from([0x00, 0x08, 0x08, 0x00])
    await file.write(blockSize, 0, 4, 16 * 2048 + 128)
    await file.write(Buffer.from('\xffCD001\x01\0', 'latin1'), 0, 8, 17 * 2048)
  } finally {
    await file.close()
  }
  const job = await client.job.wait({ job: (await client.image.add({ file: path })).id })
  if (job.state !== 'done') throw new Error(JSON.stringify(job.error))
  if (job.result?.image === undefined) throw new Error('The job made no image.')
  return job.result.image
}

/** What a forwarded port says. */
async function readPort(port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port })
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(socket, 'close')
  return Buffer.concat(chunks).toString()
}

test('any operating system’s hardware: the compatible profile has SATA, e1000e, a CD drive and standard VGA', async () => {
  await home.bootTiny(client, 'compatible', { profile: 'compatible' })
  expect(await home.sh(client, 'compatible', 'ls /sys/block | grep -c "^sd[a-z]$"; readlink -f /sys/class/net/eth0/device/driver | xargs basename; mount | grep -c " /data "')).toBe('1\ne1000e\n1\n')
  const png = Buffer.from((await client.machine.screenshot({ machine: 'compatible' })).base64, 'base64')
  expect(png.subarray(1, 4).toString()).toBe('PNG')
})

test('discs go in and out while that machine runs', async () => {
  const first = await makeIso('first.iso', 'FIRST DISC')
  const second = await makeIso('second.iso', 'SECOND DISC')
  const installer = await client.machine.create({ name: 'discs', image: first, memoryMiB: 256, cpus: 1 })
  expect((await client.machine.show({ machine: installer.id })).config?.cdroms.map((drive) => drive.image)).toEqual([first])
  await client.machine.delete({ machine: 'discs' })
  const drive = (await client.machine.show({ machine: 'compatible' })).config?.cdroms[0]?.id
  expect(drive).toBeDefined()
  const read = () => home.sh(client, 'compatible', 'head -c 11 /dev/sr0 2>/dev/null | tr -d "\\0"; true')
  await client.cdrom.insert({ machine: 'compatible', image: first })
  await expect.poll(read, { timeout: 20_000 }).toBe('FIRST DISC')
  await client.cdrom.insert({ machine: 'compatible', image: second })
  await expect.poll(read, { timeout: 20_000 }).toBe('SECOND DISC')
  await client.image.remove({ image: second })
  await expect.poll(read, { timeout: 20_000 }).toBe('SECOND DISC')
  const ejected = await client.cdrom.eject({ machine: 'compatible', force: true })
  expect([ejected.config?.cdroms[0]?.image, ejected.pendingChanges]).toEqual([null, 0])
  await expect.poll(read, { timeout: 20_000 }).toBe('')
  await client.machine.stop({ machine: 'compatible', force: true })
})

test('a micro machine boots without PCI, firmware or screen', async () => {
  await home.bootTiny(client, 'micro', { profile: 'micro' })
  expect(await home.sh(client, 'micro', 'ls /sys/bus/pci/devices 2>/dev/null | wc -l; mount | grep -c " /data "')).toBe('0\n1\n')
  expect(await refusal(client.machine.screenshot({ machine: 'micro' }))).toBe('unsupported')
  expect((await client.machine.stop({ machine: 'micro', force: true })).state).toBe('stopped')
})

test('UEFI with a TPM: the variables are the machine’s own and both are there after a restart', async () => {
  await home.bootTiny(client, 'secure', { firmware: 'uefi', tpm: true, memoryMiB: 512 })
  expect(await home.sh(client, 'secure', 'test -d /sys/firmware/efi && echo efi; cat /sys/class/tpm/tpm0/tpm_version_major')).toBe('efi\n2\n')
  await client.machine.stop({ machine: 'secure' })
  await client.machine.start({ machine: 'secure' })
  await home.ready(client, 'secure')
  await client.machine.stop({ machine: 'secure', force: true })
})

test('ports, cables and disk sizes change under the running guest; CPUs and memory wait', async () => {
  const [early, late] = [await freeTcpPort(), await freeTcpPort()]
  await home.bootTiny(client, 'net', { forwards: [{ hostPort: early, guestPort: 7000 }] })
  await home.sh(client, 'net', '(while true; do echo from the guest | nc -l -p 7000; done) > /dev/null 2>&1 &')
  await expect.poll(() => readPort(early), { timeout: 20_000 }).toBe('from the guest\n')
  const added = await client.forward.add({ machine: 'net', forward: { hostPort: late, guestPort: 7000 } })
  expect([added.pendingChanges, added.forwards.map((forward) => `${forward.hostAddress}:${forward.hostPort}`)]).toEqual([0, [`127.0.0.1:${early}`, `127.0.0.1:${late}`]])
  await expect.poll(() => readPort(late), { timeout: 20_000 }).toBe('from the guest\n')
  await client.forward.remove({ machine: 'net', hostPort: late })
  await expect(readPort(late)).rejects.toThrow('ECONNREFUSED')

  await client.nic.connect({ machine: 'net', nic: 'nic0', connected: false })
  await expect.poll(() => home.sh(client, 'net', 'cat /sys/class/net/eth0/carrier 2>/dev/null || echo 0'), { timeout: 20_000 }).toBe('0\n')
  await client.nic.connect({ machine: 'net', nic: 'nic0', connected: true })

  await client.disk.resize({ machine: 'net', disk: 'disk0', sizeMiB: 2048 })
  await expect.poll(() => home.sh(client, 'net', 'cat /sys/block/vda/size'), { timeout: 20_000 }).toBe(`${2048 * 2048}\n`)
  expect(await refusal(client.disk.resize({ machine: 'net', disk: 'disk0', sizeMiB: 1024 }))).toBe('invalid-input')

  const pending = await client.machine.set({ machine: 'net', cpus: 2, memoryMiB: 320, notes: 'seen at once' })
  expect([pending.cpus, pending.pending.map((change) => change.field), pending.config?.notes]).toEqual([1, ['cpus', 'memoryMiB'], 'seen at once'])
  const dropped = await client.machine.dropPending({ machine: 'net', fields: ['memoryMiB'] })
  expect(dropped.pending.map((change) => change.field)).toEqual(['cpus'])
  await client.machine.stop({ machine: 'net' })
  await client.machine.start({ machine: 'net' })
  await home.ready(client, 'net')
  expect(await home.sh(client, 'net', 'nproc; cat /sys/block/vda/size')).toBe(`2\n${2048 * 2048}\n`)

  const other = await client.machine.create({ name: 'rival', image: 'tiny', memoryMiB: 256, forwards: [{ hostPort: early, guestPort: 22 }] })
  expect(await refusal(client.machine.start({ machine: other.id }))).toBe('in-use')
  expect((await client.machine.show({ machine: other.id })).stateReason).toContain('net')
  await client.machine.stop({ machine: 'net', force: true })
})

test('disks are added, checked and removed', async () => {
  await client.machine.create({ name: 'disks', image: 'tiny', memoryMiB: 256, cpus: 1 })
  for (const bus of ['virtio-scsi', 'sata', 'nvme'] as const) await client.job.wait({ job: (await client.disk.add({ machine: 'disks', sizeMiB: 64, bus })).id })
  await client.machine.start({ machine: 'disks' })
  await home.ready(client, 'disks')
  // The guest is up before it has looked at every bus.
  await expect.poll(() => home.sh(client, 'disks', 'ls /sys/block | grep -E "^(vd.|sd.|nvme[0-9]+n[0-9]+)$" | sort | tr "\\n" " "'), { timeout: 30_000 }).toBe('nvme0n1 sda sdb vda ')
  await home.sh(client, 'disks', 'for d in nvme0n1 sda sdb; do head -c 65536 /dev/urandom > /dev/$d; done; sync')
  await client.machine.stop({ machine: 'disks' })
  const job = await client.job.wait({ job: (await client.disk.check({ machine: 'disks' })).id })
  expect([job.state, job.result?.sentence]).toEqual(['done', 'All disks are sound.'])
  const left = await client.disk.remove({ machine: 'disks', disk: 'disk2' })
  expect(left.disks.map((disk) => disk.id)).toEqual(['disk0', 'disk1', 'disk3'])
})

test('a clone has the same data and another identity', async () => {
  const read = async (machine: string) => (await home.sh(client, machine, 'cat /data/original; cat /sys/class/net/eth0/address; cat /sys/class/dmi/id/product_uuid')).split('\n')
  await home.bootTiny(client, 'original')
  await home.sh(client, 'original', 'echo data > /data/original; sync')
  const original = await read('original')
  expect(await refusal(client.machine.clone({ machine: 'original', name: 'copy' }))).toBe('conflict')
  await client.machine.stop({ machine: 'original' })
  const job = await client.job.wait({ job: (await client.machine.clone({ machine: 'original', name: 'copy' })).id })
  expect(job.state).toBe('done')
  await client.machine.start({ machine: 'copy' })
  await home.ready(client, 'copy')
  const copy = await read('copy')
  await client.machine.stop({ machine: 'copy', force: true })
  expect([copy[0], copy[1] === original[1], copy[2] === original[2]]).toEqual(['data', false, false])
})
