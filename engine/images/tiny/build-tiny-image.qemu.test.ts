import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { Buffer } from 'node:buffer'
import { buffer, text } from 'node:stream/consumers'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { ExecClient, ExecRequest } from '../../guest/exec/exec-client.ts'
import { until } from '../../guest/exec/native-helper.fixture.ts'
import { hostTscKHz } from '../../host/host-clock.ts'
import { BareQemu, createDisk, makeWorkFolder, removeWorkFolder } from './bare-qemu.fixture.ts'
import { buildTinyImage, type TinyImage } from './build-tiny-image.ts'
import { testCacheDir, testHelperBinary, testImage } from './test-image.fixture.ts'

const mostCompressedBytes = 24 * 1024 * 1024
let image: TinyImage
let folder = ''
const machines: BareQemu[] = []

beforeAll(async () => {
  image = await testImage()
}, 300_000)

beforeEach(async () => {
  folder = await makeWorkFolder()
})

afterEach(async () => {
  await Promise.all(machines.splice(0).map((machine) => machine.kill()))
  await removeWorkFolder(folder)
})

async function boot(machine: string, devices: readonly string[], append?: string): Promise<BareQemu> {
  const qemu = await BareQemu.boot({ image, folder, machine, devices, ...(append === undefined ? {} : { append }) })
  machines.push(qemu)
  return qemu
}

async function run(client: ExecClient, request: ExecRequest, input: string | Buffer = '') {
  const session = await client.exec(request)
  session.stdin.end(input)
  const [stdout, stderr, exit] = await Promise.all([text(session.stdout), text(session.stderr), session.exited])
  return { stdout, stderr, ...exit }
}

async function shell(client: ExecClient, script: string): Promise<string> {
  return (await run(client, { argv: ['sh', '-c', script] })).stdout
}

async function untilAddress(client: ExecClient): Promise<void> {
  await until('DHCP has given an address', async () => /inet 10\.0\.2\.15\/24/.test(await shell(client, 'ip -4 addr show dev eth0')), 30_000)
}

const network = ['-netdev', 'user,id=net0', '-device', 'virtio-net-BUS,netdev=net0']

test('a machine with paravirtual devices offers shell, agent, helper, network and a disk that lasts', async () => {
  const disk = ['-blockdev', `driver=qcow2,node-name=disk0,file.driver=file,file.filename=${await createDisk(folder, 'disk.qcow2')}`, '-device', 'virtio-blk-BUS,drive=disk0']
  const devices = [...disk, ...network, '-device', 'virtio-vga', '-device', 'virtio-rng-BUS', '-device', 'virtio-balloon-BUS', '-device', 'qemu-xhci', '-device', 'usb-tablet', '-device', 'vmgenid,guid=auto', '-device', 'i6300esb']
  const first = await boot('q35', devices, 'mayfly.hostname=may-fly')
  expect(first.serial.match(/MAYFLY READY/g)).toHaveLength(1)
  expect(await first.agent({ execute: 'guest-ping' })).toEqual({ return: {} })

  const client = await first.exec()
  expect(await run(client, { argv: ['sh', '-c', 'tr a-z A-Z; echo "$HOME" >&2; exit 5'] }, 'typed')).toEqual({ stdout: 'TYPED', stderr: '/root\n', exitStatus: 5, signal: null })
  expect(await shell(client, 'hostname')).toBe('may-fly\n')
  const sleeping = await client.exec({ argv: ['sleep', '1000'] })
  sleeping.signal('SIGINT')
  expect(await sleeping.exited).toEqual({ exitStatus: null, signal: 'SIGINT' })
  expect(await shell(client, 'stat -c %A:%U / /data /root')).toBe('drwxr-xr-x:root\ndrwxr-xr-x:root\ndrwxr-xr-x:root\n')

  const large = await client.exec({ argv: ['seq', '2700000'] })
  const expected = createHash('sha256')
  for (let number = 1; number <= 2_700_000; number++) expected.update(`${number}\n`)
  const output = await buffer(large.stdout)
  expect(output.length).toBeGreaterThan(20_000_000)
  expect(createHash('sha256').update(output).digest('hex')).toBe(expected.digest('hex'))
  const upload = Buffer.alloc(1_000_000, 'mayfly ')
  expect((await run(client, { argv: ['sha256sum'] }, upload)).stdout).toBe(`${createHash('sha256').update(upload).digest('hex')}  -\n`)

  await untilAddress(client)
  await until('all drivers are loaded', async () => {
    const devicesSeen = await shell(client, 'cat /sys/class/graphics/fb0/name /proc/bus/input/devices; ls /dev/watchdog0 /dev/hwrng; lsmod')
    return [/virtio_gpu/, /QEMU USB Tablet/, /watchdog0/, /hwrng/, /virtio_balloon/].every((pattern) => pattern.test(devicesSeen))
  }, 30_000)
  expect(await shell(client, 'mount | grep /data; cat /etc/resolv.conf')).toMatch(/^\/dev\/vda on \/data type ext4 .*\nnameserver 10\.0\.2\.3\n$/)
  first.type('echo "serial is $((6*7))"\n')
  await first.serialShows(/serial is 42/)

  // A command that works on the disk must not keep the machine from ending in order.
  await client.exec({ argv: ['sh', '-c', 'echo kept > /data/note; exec tail -f /data/note'] })
  await until('the note is written', async () => (await shell(client, 'cat /data/note')) === 'kept\n')
  await first.monitor('system_powerdown')
  expect(await first.ended()).toBe(0)

  const second = await boot('q35', devices)
  const again = await second.exec()
  expect(await shell(again, 'cat /data/note; hostname; dmesg | grep -c "recovery complete"')).toBe('kept\ntiny\n0\n')
  await again.exec({ argv: ['poweroff'] })
  expect(await second.ended()).toBe(0)
}, 300_000)

test('a machine with the devices of an ordinary PC works as well', async () => {
  const disk = ['-blockdev', `driver=qcow2,node-name=disk0,file.driver=file,file.filename=${await createDisk(folder, 'disk.qcow2')}`, '-device', 'ide-hd,drive=disk0,bus=ide.0']
  const qemu = await boot('q35', [...disk, '-netdev', 'user,id=net0', '-device', 'e1000e,netdev=net0', '-device', 'VGA', '-device', 'qemu-xhci', '-device', 'usb-kbd'])
  const client = await qemu.exec()
  await untilAddress(client)
  expect(await shell(client, 'mount | grep /data')).toMatch(/^\/dev\/sda on \/data type ext4/)
  await until('the screen has its driver', async () => /bochs/.test(await shell(client, 'cat /sys/class/graphics/fb0/name')), 30_000)
  await qemu.monitor('system_powerdown')
  expect(await qemu.ended()).toBe(0)
})

test('an NVMe disk that is not blank is left as it is', async () => {
  const file = path.join(folder, 'raw.img')
  const bytes = Buffer.alloc(64 * 1024 * 1024)
  bytes.write('not a file system, but somebody\'s', 32 * 1024 * 1024)
  await writeFile(file, bytes)
  const qemu = await boot('q35', ['-blockdev', `driver=raw,node-name=disk0,file.driver=file,file.filename=${file}`, '-device', 'nvme,drive=disk0,serial=1'])
  const client = await qemu.exec()
  expect(await shell(client, 'mount | grep -c /data; dmesg | grep -o "nvme0n1 is neither.*"')).toBe('0\nnvme0n1 is neither blank nor mountable; left alone\n')
  await client.exec({ argv: ['reboot'] })
  await qemu.serialShows(/MAYFLY READY[^]*MAYFLY READY/)
  await qemu.kill()
  expect(bytes.equals(await readFile(file))).toBe(true)
})

test('a microvm offers the same over virtio-mmio and ends when asked', async () => {
  const disk = ['-blockdev', `driver=qcow2,node-name=disk0,file.driver=file,file.filename=${await createDisk(folder, 'disk.qcow2')}`, '-device', 'virtio-blk-BUS,drive=disk0']
  // Without a PIC, as Mayfly makes them: see engine/qemu/argv/board-arguments.ts.
  const qemu = await boot('microvm,pic=off', [...disk, ...network, '-device', 'virtio-rng-BUS'], `tsc_early_khz=${hostTscKHz() ?? 0}`)
  expect(await qemu.agent({ execute: 'guest-ping' })).toEqual({ return: {} })
  const client = await qemu.exec()
  await untilAddress(client)
  expect(await shell(client, 'mount | grep /data')).toMatch(/^\/dev\/vda on \/data type ext4/)
  await client.exec({ argv: ['poweroff'] })
  expect(await qemu.ended()).toBe(0)
})

test('the image is small, is found again, and is the same when built anew', async () => {
  expect(image.compressedBytes).toBeLessThanOrEqual(mostCompressedBytes)
  const stages: string[] = []
  const options = { cacheDir: testCacheDir, helperBinary: await testHelperBinary(), onProgress: ({ stage }: { stage: string }) => stages.push(stage) }
  const before = await stat(image.kernel)
  expect(await buildTinyImage({ ...options, outputDir: path.dirname(path.dirname(image.kernel)) })).toEqual(image)
  expect([stages, (await stat(image.kernel)).ino]).toEqual([[], before.ino])

  const anew = await buildTinyImage({ ...options, outputDir: path.join(folder, 'images') })
  expect(anew.key).toBe(image.key)
  expect(stages).toContain('Packing')
  for (const file of ['kernel', 'bzImage', 'initrd'] as const) expect((await readFile(anew[file])).equals(await readFile(image[file]))).toBe(true)
})

test('a cancelled build leaves nothing behind', async () => {
  const controller = new AbortController()
  const scratch = async (): Promise<string[]> => (await readdir(testCacheDir)).filter((name) => name.startsWith('build-'))
  const before = await scratch()
  const outputDir = path.join(folder, 'images')
  const building = buildTinyImage({
    outputDir, cacheDir: testCacheDir, helperBinary: await testHelperBinary(), signal: controller.signal,
    onProgress: ({ stage }) => {
      if (stage === 'Choosing drivers') controller.abort()
    },
  })
  await expect(building).rejects.toMatchObject({ code: 'cancelled' })
  expect([await readdir(outputDir), await scratch()]).toEqual([[], before])
})

test('a host without apt is told where else an image comes from', async () => {
  const cacheDir = await mkdtemp(path.join(folder, 'cache-'))
  const empty = path.join(folder, 'empty')
  await mkdir(empty)
  const helperBinary = await testHelperBinary()
  const searchPath = process.env['PATH']
  process.env['PATH'] = empty
  try {
    await expect(buildTinyImage({ outputDir: folder, cacheDir, helperBinary })).rejects.toMatchObject({ code: 'unsupported', next: expect.stringContaining('mayfly image add FILE') as string })
  } finally {
    process.env['PATH'] = searchPath
    await rm(cacheDir, { recursive: true })
  }
})
