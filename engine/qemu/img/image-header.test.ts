import { execFile } from 'node:child_process'
import { mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readImageHeader } from './image-header.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-header-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function file(content: Uint8Array | string, sizeBytes?: number): Promise<string> {
  const path = join(folder, 'image')
  await writeFile(path, content)
  if (sizeBytes !== undefined) await truncate(path, sizeBytes)
  return path
}

/** The kind, the size and the codes of the refusals. */
async function judge(content: Uint8Array | string, sizeBytes?: number): Promise<[string, number, ...string[]]> {
  const { kind, virtualSizeBytes, refusals } = await readImageHeader(await file(content, sizeBytes))
  return [kind, virtualSizeBytes, ...refusals.map(({ code }) => code)]
}

interface Qcow2Fields {
  version?: number
  backing?: string
  clusterBits?: number
  size?: bigint
  cryptMethod?: number
  l1Entries?: number
  l1Offset?: bigint
  refcountOffset?: bigint
  incompatible?: bigint
  extensions?: readonly { type: number; data: string }[]
  l2Offset?: bigint
}

const clusterBytes = 65_536

/** A small, sound qcow2 file of four clusters (header, refcounts, L1, L2), or one with what a test makes wrong. */
function qcow2(fields: Qcow2Fields = {}): Buffer {
  const { version = 3, backing, clusterBits = 16, size = 1_048_576n, cryptMethod = 0, l1Entries = 1, incompatible = 0n, extensions = [] } = fields
  const image = Buffer.alloc(4 * clusterBytes)
  image.write('QFI\xfb', 0, 'latin1')
  image.writeUInt32BE(version, 4)
  image.writeUInt32BE(clusterBits, 20)
  image.writeBigUInt64BE(size, 24)
  image.writeUInt32BE(cryptMethod, 32)
  image.writeUInt32BE(l1Entries, 36)
  image.writeBigUInt64BE(fields.l1Offset ?? BigInt(2 * clusterBytes), 40)
  image.writeBigUInt64BE(fields.refcountOffset ?? BigInt(clusterBytes), 48)
  image.writeUInt32BE(1, 56)
  if (version > 2) {
    image.writeBigUInt64BE(incompatible, 72)
    image.writeUInt32BE(4, 96)
    image.writeUInt32BE(112, 100)
  }
  let offset = version > 2 ? 112 : 72
  for (const { type, data } of extensions) {
    image.writeUInt32BE(type, offset)
    image.writeUInt32BE(data.length, offset + 4)
    image.write(data, offset + 8)
    offset += 8 + Math.ceil(data.length / 8) * 8
  }
  if (backing !== undefined) {
    image.writeBigUInt64BE(1024n, 8)
    image.writeUInt32BE(backing.length, 16)
    image.write(backing, 1024)
  }
  image.writeBigUInt64BE((fields.l2Offset ?? BigInt(3 * clusterBytes)) | (1n << 63n), 2 * clusterBytes)
  return image
}

test('a sound qcow2 file of either version', async () => {
  expect(await judge(qcow2())).toEqual(['qcow2', 1_048_576])
  expect(await judge(qcow2({ version: 2 }))).toEqual(['qcow2', 1_048_576])
  expect(await judge(qcow2({ incompatible: 0b11001n, extensions: [{ type: 0x6803_f857, data: 'feature names' }] }))).toEqual(['qcow2', 1_048_576])
})

test.each(['base.qcow2', '/etc/shadow', 'json:{"driver":"nbd","host":"198.51.100.1"}', 'https://example.org/disk.qcow2', 'x'.repeat(5000), 'a\nb\u001b[2J'])(
  'a qcow2 file that names another file is refused: %s',
  async (backing) => {
    expect(await judge(qcow2({ backing }))).toEqual(['qcow2', 1_048_576, 'names-another-file'])
    const { refusals } = await readImageHeader(join(folder, 'image'))
    expect(refusals[0]?.sentence).not.toMatch(/\p{Cc}/u)
    expect(refusals[0]?.sentence.length).toBeLessThan(250)
  },
)

test('a qcow2 file whose name of another file lies outside of it is refused all the same', async () => {
  const image = qcow2()
  image.writeBigUInt64BE(0xffff_ffff_ffff_0000n, 8)
  image.writeUInt32BE(0xffff_ffff, 16)
  expect(await judge(image)).toEqual(['qcow2', 1_048_576, 'names-another-file'])
})

test('a qcow2 file with its data elsewhere is refused, by its feature bit and by its extension', async () => {
  expect(await judge(qcow2({ incompatible: 0b100n }))).toEqual(['qcow2', 1_048_576, 'names-another-file'])
  const extensions = [{ type: 0x6803_f857, data: 'odd' }, { type: 0x4441_5441, data: '/etc/shadow' }]
  expect(await judge(qcow2({ extensions }))).toEqual(['qcow2', 1_048_576, 'names-another-file'])
  expect(await judge(qcow2({ version: 2, extensions }))).toEqual(['qcow2', 1_048_576, 'names-another-file'])
})

test('encryption, damage and unknown features are refused', async () => {
  expect(await judge(qcow2({ cryptMethod: 2, extensions: [{ type: 0x0537_be77, data: '0123456789abcdef' }] }))).toEqual(['qcow2', 1_048_576, 'encrypted'])
  expect(await judge(qcow2({ incompatible: 0b10n }))).toEqual(['qcow2', 1_048_576, 'damaged'])
  expect(await judge(qcow2({ incompatible: 1n << 40n }))).toEqual(['qcow2', 1_048_576, 'unknown-feature'])
  expect(await judge(qcow2({ version: 4 }))).toEqual(['qcow2', 0, 'unknown-feature'])
})

test('numbers that cannot be are refused, not believed', async () => {
  expect(await judge(qcow2({ size: 1n << 63n }))).toEqual(['qcow2', 0, 'damaged'])
  expect(await judge(qcow2({ clusterBits: 40 }))).toEqual(['qcow2', 1_048_576, 'damaged'])
  expect(await judge(qcow2({ l1Entries: 0xffff_ffff }))).toEqual(['qcow2', 1_048_576, 'damaged'])
  expect(await judge(qcow2({ extensions: [{ type: 1, data: '' }] }).fill(0xff, 116, 120))).toEqual(['qcow2', 1_048_576])
})

test('a qcow2 file that is shorter than its tables is refused', async () => {
  expect(await judge(qcow2({ l1Offset: 1n << 40n }))).toEqual(['qcow2', 1_048_576, 'truncated'])
  expect(await judge(qcow2({ refcountOffset: 1n << 40n }))).toEqual(['qcow2', 1_048_576, 'truncated'])
  expect(await judge(qcow2({ l2Offset: 1n << 40n }))).toEqual(['qcow2', 1_048_576, 'truncated'])
  expect(await judge(qcow2(), 4 * clusterBytes - 1)).toEqual(['qcow2', 1_048_576, 'truncated'])
  for (const sizeBytes of [8, 72, 104]) expect(await judge(qcow2(), sizeBytes)).toEqual(['qcow2', 0, 'truncated'])
})

test.each([
  ['vmdk', 'foreign-format', 'KDMV'],
  ['vmdk', 'foreign-format', '# Disk DescriptorFile\nRW 1 FLAT "/etc/shadow" 0\n'],
  ['vhdx', 'foreign-format', 'vhdxfile'],
  ['vhd', 'foreign-format', 'conectix'],
  ['qcow', 'foreign-format', 'QFI\xfb\0\0\0\x01'],
  ['qed', 'foreign-format', 'QED\0'],
  ['luks', 'foreign-format', 'LUKS\xba\xbe'],
  ['gzip', 'compressed', '\x1f\x8b\x08'],
  ['xz', 'compressed', '\xfd7zXZ\0'],
  ['zstd', 'compressed', '\x28\xb5\x2f\xfd'],
  ['zip', 'compressed', 'PK\x03\x04'],
  ['web-page', 'not-an-image', '\n <!DOCTYPE html><html>'],
  ['web-page', 'not-an-image', '\xef\xbb\xbf<HTML>'],
  ['web-page', 'not-an-image', '<?xml version="1.0"?><Error>'],
  ['unknown', 'not-an-image', '404: Not Found'],
  ['unknown', 'not-an-image', '%PDF-1.7'],
])('%s is named and refused as %s', async (kind, code, head) => {
  expect(await judge(Buffer.from(head, 'latin1'), 200_000)).toEqual([kind, 0, code])
})

test('formats that are recognised further inside or at the end', async () => {
  const vdi = Buffer.alloc(4096)
  vdi.write('\x7f\x10\xda\xbe', 0x40, 'latin1')
  expect(await judge(vdi)).toEqual(['vdi', 0, 'foreign-format'])
  const vhd = Buffer.alloc(4096)
  vhd.write('conectix', 4096 - 512)
  expect(await judge(vhd)).toEqual(['vhd', 0, 'foreign-format'])
  const tar = Buffer.alloc(4096)
  tar.write('ustar', 257)
  expect(await judge(tar)).toEqual(['tar', 0, 'compressed'])
})

function iso(sectors: number): Buffer {
  const image = Buffer.alloc(20 * 2048)
  image.writeUInt8(1, 16 * 2048)
  image.write('CD001', 16 * 2048 + 1)
  image.writeUInt32LE(sectors, 16 * 2048 + 80)
  image.writeUInt16LE(2048, 16 * 2048 + 128)
  image.writeUInt16LE(0xaa55, 510)
  return image
}

test('CD images, also those that boot from a stick, are as long as they say or refused', async () => {
  expect(await judge(iso(20))).toEqual(['iso', 20 * 2048])
  expect(await judge(iso(20 + 150))).toEqual(['iso', 20 * 2048])
  expect(await judge(iso(20 + 151))).toEqual(['iso', 171 * 2048, 'truncated'])
  const udf = Buffer.alloc(20 * 2048)
  udf.write('BEA01', 16 * 2048 + 1)
  udf.write('NSR03', 17 * 2048 + 1)
  expect(await judge(udf)).toEqual(['iso', 20 * 2048])
})

function gpt(sectorBytes: number, lastSector: bigint): Buffer {
  const disk = Buffer.alloc(8192)
  disk.writeUInt16LE(0xaa55, 510)
  disk.writeUInt8(0xee, 446 + 4)
  disk.writeUInt32LE(0xffff_ffff, 446 + 12)
  disk.write('EFI PART', sectorBytes)
  disk.writeBigUInt64LE(lastSector, sectorBytes + 32)
  return disk
}

test('a raw disk is known by its partition table, and must be as long as that says', async () => {
  expect(await judge(gpt(512, 2047n), 1024 * 1024)).toEqual(['raw', 1024 * 1024])
  expect(await judge(gpt(512, 2048n), 1024 * 1024)).toEqual(['raw', 1024 * 1024, 'truncated'])
  expect(await judge(gpt(4096, 255n), 1024 * 1024)).toEqual(['raw', 1024 * 1024])
  expect(await judge(gpt(4096, 256n), 1024 * 1024)).toEqual(['raw', 1024 * 1024, 'truncated'])
  const mbr = Buffer.alloc(512)
  mbr.writeUInt16LE(0xaa55, 510)
  mbr.writeUInt8(0x80, 446)
  mbr.writeUInt8(0x83, 446 + 4)
  mbr.writeUInt32LE(1, 446 + 8)
  mbr.writeUInt32LE(2047, 446 + 12)
  expect(await judge(mbr, 1024 * 1024)).toEqual(['raw', 1024 * 1024])
  expect(await judge(mbr, 1024 * 1024 - 512)).toEqual(['raw', 1024 * 1024 - 512, 'truncated'])
})

test('a disk without partitions is known by its file system, a blank one by its zeroes', async () => {
  const ext4 = Buffer.alloc(4096)
  ext4.writeUInt16LE(0xef53, 0x438)
  expect(await judge(ext4, 1024 * 1024)).toEqual(['raw', 1024 * 1024])
  expect(await judge('', 1024 * 1024)).toEqual(['raw', 1024 * 1024])
  expect(await judge('', 1000)).toEqual(['unknown', 0, 'not-an-image'])
  expect(await judge('')).toEqual(['unknown', 0, 'empty'])
})

test('what is no file is refused without waiting for it', async () => {
  await expect(readImageHeader(folder)).rejects.toMatchObject({ code: 'invalid-input' })
  await expect(readImageHeader(join(folder, 'none'))).rejects.toMatchObject({ code: 'not-found' })
  const pipe = join(folder, 'pipe')
  await promisify(execFile)('mkfifo', [pipe])
  await expect(readImageHeader(pipe)).rejects.toMatchObject({ code: 'invalid-input' })
  await symlink('/dev/zero', join(folder, 'device'))
  await expect(readImageHeader(join(folder, 'device'))).rejects.toMatchObject({ code: 'invalid-input' })
})

test('random bytes never make it throw', async () => {
  let seed = 1
  const next = (): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) & 0xff
  for (let round = 0; round < 300; round += 1) {
    const image = qcow2()
    for (let flips = 0; flips < 40; flips += 1) image.writeUInt8(next(), ((next() << 8) | next()) % (round % 2 === 0 ? 120 : image.length))
    const [kind] = await judge(image)
    expect(['qcow2', 'qcow', 'unknown', 'raw']).toContain(kind)
  }
})
