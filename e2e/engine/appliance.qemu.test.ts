/** An OVA becomes a machine that boots from the appliance's own disk. */
import { execFile } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ovfText, writeOva } from '../../engine/appliance/ova.fixture.ts'
import type { EngineClient } from '../../engine/engine-face.ts'
import { findQemu } from '../../engine/qemu/capabilities/find-qemu.ts'
import { refusal, TestHome } from './test-home.fixture.ts'

const says = 'FROM THE APPLIANCE'
let home: TestHome
let client: EngineClient
let ova: string

beforeAll(async () => {
  home = await TestHome.make()
  client = await home.open()
  ova = join(home.root, 'shop.ova')
  await writeOva(ova, [{ name: 'shop.ovf', content: ovfText() }, { name: 'shop-disk1.vmdk', content: await bootableVmdk() }])
}, 60_000)
afterAll(() => home.close())

/** A disk whose boot sector writes on the serial port, as an appliance's disk is packed. */
async function bootableVmdk(): Promise<Buffer> {
  // xor ax,ax; mov ds,ax; mov si,text; next: lodsb; or al,al; jz end; mov dx,0x3f8; out dx,al; jmp next; end: hlt; jmp end
  const code = Buffer.from('31c08ed8be167cac08c07406baf803eeebf5f4ebfd90', 'hex')
  const sector = Buffer.concat([code, Buffer.from(`${says}\r\n\0`), Buffer.alloc(512)]).subarray(0, 512)
  sector.writeUInt16LE(0xaa55, 510)
  const [raw, packed] = [join(home.root, 'disk.raw'), join(home.root, 'disk.vmdk')]
  await writeFile(raw, Buffer.concat([sector, Buffer.alloc(64 * 1024 * 1024 - 512)]))
  const { imgBinary, env } = await findQemu()
  await promisify(execFile)(imgBinary ?? 'qemu-img', ['convert', '-f', 'raw', '-O', 'vmdk', '-o', 'subformat=streamOptimized', raw, packed], { env: { ...process.env, ...env } })
  return readFile(packed)
}

test('what it would become is told, and then it is that, and boots', async () => {
  expect(await client.machine.inspectAppliance({ file: ova })).toEqual({
    name: 'Shop & till',
    cpus: 2,
    memoryMiB: 256,
    firmware: 'bios',
    profile: 'compatible',
    disks: [{ label: '', sizeMiB: 64, bus: 'sata' }],
    nics: ['e1000e'],
    warnings: [expect.stringContaining('user network') as string],
  })
  const job = await client.job.wait({ job: (await client.machine.import({ file: ova, cpus: 1 })).id })
  expect(job).toMatchObject({ state: 'done', kind: 'machine.import', result: { sentence: expect.stringContaining('was made of shop.ova') as string } })
  const { config, disks } = await client.machine.show({ machine: 'Shop & till' })
  expect(config).toMatchObject({ profile: 'compatible', cpus: 1, memoryMiB: 256, sound: 'on', disks: [{ id: 'disk0', bus: 'sata', sizeMiB: 64, bootIndex: 1 }], nics: [{ model: 'e1000e' }] })
  expect(disks).toMatchObject([{ virtualBytes: 64 * 1024 * 1024, layers: 1 }])
  await client.machine.start({ machine: 'Shop & till' })
  await client.machine.wait({ machine: 'Shop & till', for: `serial:${says}`, timeoutMs: 60_000 })
  await client.machine.stop({ machine: 'Shop & till', force: true })
})

test('a second import takes the next name; a name that is taken is refused', async () => {
  const job = await client.job.wait({ job: (await client.machine.import({ file: ova })).id })
  expect(job.result?.sentence).toContain('Shop & till 2')
  expect(await refusal(client.machine.import({ file: ova, name: 'Shop & till' }))).toBe('conflict')
})

test('an import that is cancelled or fails leaves nothing', async () => {
  const before = await readdir(join(home.folders.data, 'machines'))
  const { id } = await client.machine.import({ file: ova, name: 'cancelled' })
  await client.job.cancel({ job: id })
  expect(['cancelled', 'done']).toContain((await client.job.wait({ job: id })).state)
  const torn = join(home.root, 'torn.ova')
  const vmdk = await bootableVmdk()
  await writeOva(torn, [{ name: 'shop.ovf', content: ovfText() }, { name: 'shop-disk1.vmdk', content: Buffer.concat([vmdk.subarray(0, 12 * 1024), Buffer.alloc(70_000, 0xff)]) }])
  const failed = await client.job.wait({ job: (await client.machine.import({ file: torn, name: 'torn' })).id })
  expect(failed.state).toBe('failed')
  const left = (await client.machine.list({})).filter(({ name }) => name !== 'cancelled')
  expect(left.map(({ name }) => name).toSorted()).toEqual(['Shop & till', 'Shop & till 2'])
  expect((await readdir(join(home.folders.data, 'machines'))).length).toBeLessThanOrEqual(before.length + 1)
})

test('a disk may be larger, and the machine is started where that is asked for', async () => {
  expect(await refusal(client.machine.import({ file: ova, name: 'small', diskMiB: 32 }))).toBe('invalid-input')
  const job = await client.job.wait({ job: (await client.machine.import({ file: ova, name: 'grown', diskMiB: 96, start: true })).id })
  const { state, disks } = await client.machine.show({ machine: 'grown' })
  expect([job.state, state, disks.map(({ virtualBytes }) => virtualBytes / 1024 ** 2)]).toEqual(['done', 'running', [96]])
  await client.machine.stop({ machine: 'grown', force: true })
  await client.machine.delete({ machine: 'grown' })
})

test('a file that is not as the manifest says is named, and nothing is made', async () => {
  const path = join(home.root, 'changed.ova')
  await writeOva(path, [{ name: 'shop.ovf', content: ovfText() }, { name: 'shop.mf', content: `SHA256(shop-disk1.vmdk)= ${'0'.repeat(64)}\n` }, { name: 'shop-disk1.vmdk', content: await bootableVmdk() }])
  const job = await client.job.wait({ job: (await client.machine.import({ file: path, name: 'changed' })).id })
  expect([job.state, job.error?.message, (await client.machine.list({})).some(({ name }) => name === 'changed')]).toEqual(['failed', expect.stringContaining('"shop-disk1.vmdk" is not what its manifest says'), false])
})

test('what is no appliance is refused before anything is made', async () => {
  const path = join(home.root, 'no.ova')
  await writeFile(path, 'not a tar archive'.repeat(100))
  expect(await refusal(client.machine.inspectAppliance({ file: path }))).toBe('unsupported')
  expect(await refusal(client.machine.import({ file: join(home.root, 'missing.ova') }))).toBe('not-found')
})
