/**
 * A fork is hostile in every way a guest can be: it gives memory back by balloon and as free pages, writes all over what it shares,
 * and leaves garbage in the rings of its devices and in the ports of agent and helper. What it was made from is bit for bit what it was.
 */
import { createHash } from 'node:crypto'
import { closeSync, createReadStream } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { describeRam, openRamLayer } from '../../engine/qemu/process/ram-library.ts'
import { connectQmp } from '../../engine/qemu/qmp/connect-qmp.ts'
import { machineRuntimeNames } from '../../engine/storage/names.ts'
import { until } from '../conformance/until.ts'
import { folderOf } from './checkpoint-model.fixture.ts'
import { TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient
const memoryMiB = 224

beforeAll(async () => {
  ;({ home, client } = await TestHome.withTiny())
  await home.bootTiny(client, 'parent', { memoryMiB, diskMiB: 48 })
  await sh('parent', 'dd if=/dev/urandom of=/run/random bs=1M count=24 2> /dev/null; md5sum /run/random > /run/sum; head -c 4000000 /dev/urandom > /data/random; md5sum /data/random >> /run/sum; sync')
  await home.done(client, client.checkpoint.take({ machine: 'parent', label: 'point', what: 'ram' }))
}, 300_000)
afterAll(() => home.close())

const sh = (machine: string, line: string): Promise<string> => home.sh(client, machine, line)
const isRight = (machine: string): Promise<string> => sh(machine, 'echo 3 > /proc/sys/vm/drop_caches; md5sum -c -s /run/sum && echo right')

async function digest(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of stream) hash.update(chunk)
  return hash.digest('hex')
}

/** Everything frozen that the parent stands on: layers of its disk and files of its points, and the layers of its RAM in memory. */
async function frozenOf(machine: string): Promise<Record<string, string>> {
  const names = await folderOf(home, client, machine)
  const digests: Record<string, string> = {}
  for (const folder of [names.disks, names.ram, names.checkpoints]) {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      const isWritten = folder === names.disks && ((await stat(path)).mode & 0o200) !== 0
      if (entry.isFile() && !isWritten) digests[path] = await digest(createReadStream(path))
    }
  }
  const { id, pid } = await client.machine.show({ machine })
  for (const layer of (await describeRam(machineRuntimeNames(home.folders, id).ramSocket)).layers) {
    const descriptor = openRamLayer(pid ?? 0, layer.qemuDescriptor)
    try {
      digests[layer.id] = await digest(createReadStream('', { fd: descriptor, start: 0, autoClose: false }))
    } finally {
      closeSync(descriptor)
    }
  }
  return digests
}

/** Takes memory from guests until little is left to them. Nobody asks for that through Mayfly, and QEMU hears one at a time. */
async function inflate(machines: readonly string[]): Promise<void> {
  const ids = await Promise.all(machines.map(async (machine) => (await client.machine.show({ machine })).id))
  await home.closeEngine()
  for (const id of ids) {
    const qmp = await connectQmp(machineRuntimeNames(home.folders, id).qmpSocket, { timeoutMs: 30_000, waitForSocket: false })
    const value = (memoryMiB - 40) * 1024 * 1024
    await qmp.execute('balloon', { value })
    await until(async () => (await qmp.execute('query-balloon')).actual === value, 'the balloon is full', 60_000)
    await qmp.execute('balloon', { value: memoryMiB * 1024 * 1024 })
    qmp.close()
  }
  client = await home.open()
}

/** The source of randomness gets rings at addresses where anything may lie, and is told to work on them: QEMU itself writes wherever they say. */
const spoilRings = String.raw`cat > /run/rings <<'END'
cd /sys/bus/virtio/drivers/virtio_rng
device=$(basename $(dirname $(readlink -f virtio[0-9]*)))
cd /sys/bus/pci/devices/$device
echo $device > driver/unbind
echo 1 > enable
printf '\006' | dd of=config bs=1 seek=4 conv=notrunc 2> /dev/null
base=$(sed -n 5p resource | cut -d' ' -f1)
put() { devmem $((base + $1)) $2 $3; }
for address in 0x1000 0x100000 0x1000000 0x1234000 0x2345000 0x3000000 0x4321000 0x5000000; do
  put 20 8 0; put 20 8 3; put 8 32 1; put 12 32 1; put 20 8 11
  put 22 16 0; put 24 16 64
  put 32 32 $address; put 36 32 0; put 40 32 $((address + 8192)); put 44 32 0; put 48 32 $((address + 16384)); put 52 32 0
  put 28 16 1; put 20 8 15
  put 12288 16 0; put 12288 16 7
done
echo "RINGS ARE SPOILED" > /dev/ttyS0
END
setsid sh /run/rings > /run/rings.log 2>&1 < /dev/null &`

/** What answers for the guest is ended, and garbage comes from where it was. */
const spoilPorts = String.raw`cat > /run/ports <<'END'
kill -9 $(grep -l etc/start /proc/[0-9]*/cmdline | cut -d/ -f3)
kill -9 $(pidof qemu-ga) $(pidof mayfly-exec)
for port in /dev/vport*; do timeout 5 dd if=/dev/urandom of=$port bs=4k count=64; done
echo "PORTS ARE SPOILED" > /dev/ttyS0
END
setsid sh /run/ports > /run/ports.log 2>&1 < /dev/null &`

test('a hostile fork harms neither its parent nor its siblings, nor the point it was made of', async () => {
  await client.machine.fork({ machine: 'parent', name: 'sibling' })
  await client.machine.fork({ machine: 'parent', name: 'hostile' })
  await client.machine.fork({ machine: 'parent', name: 'hostile of point', checkpoint: 'point' })
  const hostile = ['hostile', 'hostile of point']
  const before = await frozenOf('parent')
  // Layers on disk, and at least those of the checkpoint and of two forks in memory.
  expect(Object.keys(before).filter((key) => !key.includes('/')).length).toBeGreaterThanOrEqual(3)

  for (const machine of hostile) await sh(machine, 'dd if=/dev/urandom of=/run/random bs=1M count=24 conv=notrunc 2> /dev/null; dd if=/dev/zero of=/run/more bs=1M count=40 2> /dev/null; rm /run/more; dd if=/dev/urandom of=/data/random bs=1M count=8 2> /dev/null; sync; echo 3 > /proc/sys/vm/drop_caches')
  await inflate(hostile)
  expect(await frozenOf('parent')).toEqual(before)
  for (const machine of ['parent', 'sibling']) expect([machine, await isRight(machine)]).toEqual([machine, 'right\n'])

  for (const [line, words] of [[spoilRings, 'RINGS ARE SPOILED'], [spoilPorts, 'PORTS ARE SPOILED']] as const) {
    for (const machine of hostile) {
      // The helper may be gone before it has answered.
      await client.guest.run({ machine, argv: ['sh', '-c', line], timeoutMs: 60_000 }).catch(() => undefined)
      await client.machine.wait({ machine, for: `serial:${words}`, timeoutMs: 90_000 })
    }
  }
  expect(await frozenOf('parent')).toEqual(before)
  for (const machine of ['parent', 'sibling']) expect([machine, await isRight(machine)]).toEqual([machine, 'right\n'])
  await client.machine.fork({ machine: 'parent', name: 'late', checkpoint: 'point' })
  expect(await isRight('late')).toBe('right\n')
  let said = ''
  for (const machine of hostile) {
    expect((await client.machine.show({ machine })).state).toBe('running')
    said += await readFile((await folderOf(home, client, machine)).qemuLog, 'utf8')
    await client.machine.delete({ machine, force: true })
  }
  // QEMU did work on what lay in those rings, and complained.
  expect(said).toContain('qemu-system')
  expect(home.bugs).toEqual([])
}, 400_000)
