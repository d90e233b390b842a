/** What a restore with RAM cannot do is found out before anything is done: the guest runs on and knows nothing of it. */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { type CheckpointFolderNames, checkpointFolderNames, type MachineFolderNames } from '../../engine/storage/names.ts'
import { folderOf } from './checkpoint-model.fixture.ts'
import { TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient
let names: MachineFolderNames
let point: CheckpointFolderNames
const machine = 'alpha'

beforeAll(async () => {
  ;({ home, client } = await TestHome.withTiny())
  await home.bootTiny(client, machine, { memoryMiB: 192, diskMiB: 64 })
  await home.sh(client, machine, 'mkdir -p /run; echo saved > /run/mark; echo saved > /data/mark; sync')
  await home.done(client, client.checkpoint.take({ machine, label: 'point', what: 'ram' }))
  await home.sh(client, machine, 'echo present > /run/mark; echo present > /data/mark; sync')
  names = await folderOf(home, client, machine)
  point = checkpointFolderNames(names, (await client.checkpoint.show({ machine, checkpoint: 'point' })).id)
}, 300_000)
afterAll(() => home.close())

/** The code it is refused with. */
async function restore(): Promise<string> {
  const { pid } = await client.machine.show({ machine })
  const job = await client.job.wait({ job: (await client.checkpoint.restore({ machine, checkpoint: 'point' })).id })
  const after = await client.machine.show({ machine })
  expect([after.state, after.pid]).toEqual(['running', pid])
  expect(await home.sh(client, machine, 'cat /run/mark /data/mark')).toBe('present\npresent\n')
  return job.error?.code ?? 'done'
}

interface StoredPoint {
  hardware: { machineType: string }
  config: { nics: { network: { forwards: unknown[] } }[] }
  disks: Record<string, string[]>
  ram: { layers: string[] }
}
const stored = async (): Promise<StoredPoint> => JSON.parse(await readFile(point.document, 'utf8')) as StoredPoint

/** As if the point had been taken so. */
async function changed(change: (stored: StoredPoint) => void, work: () => Promise<void>): Promise<void> {
  const before = await readFile(point.document)
  const document = await stored()
  change(document)
  await writeFile(point.document, JSON.stringify(document))
  await work()
  await writeFile(point.document, before)
}

test('a machine type that this QEMU does not have', async () => {
  await changed(({ hardware }) => {
    hardware.machineType = hardware.machineType.replace(/[0-9.]+$/, '99.0')
  }, async () => expect(await restore()).toBe('unsupported'))
})

test('a port that another program has taken', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    // The present's own cards keep their ports; this one the machine has no longer.
    await changed(({ config }) => {
      const [nic] = config.nics
      if (nic !== undefined) config.nics.push({ ...nic, id: 'nic7', network: { ...nic.network, forwards: [{ protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: port, guestPort: 22 }] } } as typeof nic)
    }, async () => expect(await restore()).toBe('in-use'))
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
})

test('a layer of a disk, one of the RAM, or the state of the devices is gone', async () => {
  const { disks, ram } = await stored()
  const files = [join(names.disks, 'disk0', disks['disk0']?.[0] ?? ''), join(names.ram, `${ram.layers[0] ?? ''}.ram`), point.state]
  for (const file of files) {
    await rename(file, `${file}.away`)
    expect([file, await restore()]).toEqual([file, 'storage-corrupt'])
    await rename(`${file}.away`, file)
  }
})

test('and nothing was left of all that: it is taken back', async () => {
  await home.done(client, client.checkpoint.restore({ machine, checkpoint: 'point' }))
  expect(await home.sh(client, machine, 'cat /run/mark /data/mark')).toBe('saved\nsaved\n')
  expect(home.bugs).toEqual([])
})
