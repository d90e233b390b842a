import { createHash } from 'node:crypto'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isMayflyError } from '../../contract/errors.ts'
import { readVmdkHeader } from '../qemu/img/vmdk-header.ts'
import { checkManifest } from './check-manifest.ts'
import { findInOva, openOva } from './find-in-ova.ts'
import { ovfText, type PackedPart, writeOva } from './ova.fixture.ts'
import { planAppliance } from './plan-appliance.ts'
import { readOvf } from './read-ovf.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-ova-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function look(parts: readonly PackedPart[]): Promise<string[] | string> {
  const path = join(folder, 'some.ova')
  await writeOva(path, parts)
  const file = await openOva(path)
  try {
    return [...(await findInOva(path, file)).keys()]
  } catch (error) {
    if (!isMayflyError(error, 'unsupported')) throw error
    return error.message
  } finally {
    await file.close()
  }
}

/** What a manifest of these words says of an archive; undefined where all is well. */
async function check(manifest: string): Promise<string | undefined> {
  const path = join(folder, 'checked.ova')
  await writeOva(path, [{ name: 'a.ovf', content: 'x' }, { name: 'a.mf', content: manifest }, { name: 'a.vmdk', content: 'y'.repeat(3_000_000) }])
  const file = await openOva(path)
  try {
    await checkManifest(path, file, await findInOva(path, file), { signal: new AbortController().signal, onProgress: () => undefined })
    return undefined
  } catch (error) {
    if (!isMayflyError(error, 'unsupported')) throw error
    return error.message
  } finally {
    await file.close()
  }
}

/** The error a description is refused with, or what was planned. */
function plan(text: string): ReturnType<typeof planAppliance> | string {
  try {
    return planAppliance(readOvf(text))
  } catch (error) {
    return (error as Error).message
  }
}

test('a description becomes sizes, disks and cards, and what is not taken is said', () => {
  expect(plan(ovfText())).toEqual({
    name: 'Shop & till',
    cpus: 2,
    memoryMiB: 256,
    firmware: 'bios',
    disks: [{ file: 'shop-disk1.vmdk', bus: 'sata' }],
    nics: ['e1000e'],
    hasSound: true,
    warnings: ['Its network cards are all on the user network: they reach out, and only forwarded ports lead in.'],
  })
})

test('as VMware writes it: units as powers, firmware as a setting, other controllers', () => {
  const vmware = ovfText({ more: '<vmw:Config xmlns:vmw="http://www.vmware.com/schema/ovf" ovf:required="false" vmw:key="firmware" vmw:value="efi"/>' })
    .replace('<rasd:AllocationUnits>MegaBytes</rasd:AllocationUnits>', '<rasd:AllocationUnits>byte * 2^30</rasd:AllocationUnits>')
    .replace('<rasd:VirtualQuantity>256<', '<rasd:VirtualQuantity>4<')
    .replace('AHCI', 'vmware.nvme.controller')
    .replaceAll('rasd:', 'any:')
    .replace('xmlns:any', 'xmlns:any')
  expect(plan(vmware)).toMatchObject({ memoryMiB: 4096, firmware: 'uefi', disks: [{ bus: 'nvme' }] })
})

test.each([
  ['a document type, so no entities', ovfText({ before: '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>', name: '&b;' }), 'Its description has a document type, which none needs.'],
  ['an entity that XML does not have', ovfText({ name: '&xxe;' }), 'Its description is not sound XML: '],
  ['what is cut off', ovfText().slice(0, 900), 'Its description is not sound XML: '],
  ['depth without end', `${'<a>'.repeat(200)}`, 'Its description is larger than any can be.'],
  ['no machine', '<Envelope/>', 'Its description has no machine in it.'],
  ['no disk', ovfText().replace(/<Disk .*?\/>/, '').replace(/<Item><rasd:InstanceID>6.*?<\/Item>/, ''), 'Its description names no disk.'],
  ['a disk packed otherwise', ovfText().replace('ovf:href', 'ovf:compression="gzip" ovf:href'), 'Its disk shop-disk1.vmdk is compressed (gzip) in a way that is not read.'],
])('a description is refused with %s', (_what, text, message) => {
  expect(plan(text)).toEqual(expect.stringContaining(message))
})

test('files are found by their names; nothing leads out of an archive', async () => {
  expect(await look([{ name: 'a.ovf', content: 'x' }, { name: 'a.vmdk', content: 'y'.repeat(2000) }])).toEqual(['a.ovf', 'a.vmdk'])
  expect(await look([{ name: '../../etc/cron.d/evil', content: 'x' }])).toContain('an OVA holds files without folders')
  expect(await look([{ name: '/etc/passwd', content: 'x' }])).toContain('an OVA holds files without folders')
  expect(await look([{ name: 'a.ovf', content: '1' }, { name: 'a.ovf', content: '2' }])).toContain('two files called')
  expect(await look([{ name: `${'long'.repeat(40)}.ovf`, content: 'x' }])).toContain('in a way that OVA does not have')
})

test('files are held against a manifest, and the one that is wrong is named', async () => {
  const sha = (algorithm: string, content: string): string => createHash(algorithm).update(content).digest('hex')
  const disk = 'y'.repeat(3_000_000)
  expect(await check(`SHA1(a.ovf)= ${sha('sha1', 'x')}\nSHA1(a.vmdk)= ${sha('sha1', disk)}\n`)).toBeUndefined()
  expect(await check(`SHA256 (a.vmdk) = ${sha('sha256', disk).toUpperCase()}\r\n\r\n`)).toBeUndefined()
  expect(await check(`SHA256(a.ovf)= ${sha('sha256', 'x')}\nSHA256(a.vmdk)= ${sha('sha256', 'z')}\n`)).toContain('"a.vmdk" is not what its manifest says')
  expect(await check(`SHA256(b.vmdk)= ${sha('sha256', 'z')}\n`)).toContain('"b.vmdk", and that is not in it')
  expect(await check('anything\n')).toContain('a line that is none')
})

test.each([
  ['no VMDK', Buffer.from('QFI\xfb'.padEnd(600, '\0'), 'latin1'), 'no VMDK that holds all of itself'],
  ['one that says where its parts lie', Buffer.from('# Disk DescriptorFile\nRW 1 FLAT "/etc/shadow" 0\n'.padEnd(600, '\0')), 'no VMDK that holds all of itself'],
  ['one without a size, which QEMU reads as a description', vmdk('parentCID=ffffffff\n', 0n), 'none that a disk has'],
  ['one that builds on another', vmdk('parentCID=12345678\nparentFileNameHint="/etc/shadow"\n', 2048n), 'builds on another disk'],
])('a disk is not taken that is %s', async (_what, content, reason) => {
  const path = join(folder, 'disk')
  const file = await open(path, 'w+')
  await file.write(content)
  expect(await readVmdkHeader(file, 0, content.length)).toEqual({ virtualBytes: 0, refusal: expect.stringContaining(reason) as string })
  await file.close()
})

function vmdk(descriptor: string, sectors: bigint): Buffer {
  const bytes = Buffer.alloc(1024)
  bytes.write('KDMV', 0, 'latin1')
  bytes.writeUInt32LE(3, 4)
  bytes.writeBigUInt64LE(sectors, 12)
  bytes.writeBigUInt64LE(1n, 28)
  bytes.writeBigUInt64LE(1n, 36)
  bytes.write(descriptor, 512)
  return bytes
}
