import { execFile } from 'node:child_process'
import { mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findQemu } from '../capabilities/find-qemu.ts'
import type { QemuInstallation } from '../capabilities/qemu-installation.ts'
import { checkQcow2 } from './check-qcow2.ts'
import { convertToQcow2 } from './convert-image.ts'
import { createQcow2 } from './create-qcow2.ts'
import { readImageHeader } from './image-header.ts'
import { readImageInfo } from './image-info.ts'
import { resizeQcow2 } from './resize-qcow2.ts'

const mebibyte = 1024 * 1024

let folder: string
let installation: QemuInstallation
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-img-'))
  installation = await findQemu()
})
afterEach(() => rm(folder, { recursive: true }))

const path = (name: string): string => join(folder, name)

/** qemu-img itself, to make what Mayfly never would. */
async function rawImg(...args: string[]): Promise<void> {
  await promisify(execFile)(installation.imgBinary ?? '', args, { env: { ...process.env, ...installation.env }, cwd: folder })
}

test('makes disks whose headers and contents are sound, whatever the options', async () => {
  await createQcow2(installation, { path: path('plain'), sizeBytes: 10 * 1024 ** 4 })
  await createQcow2(installation, { path: path('small'), sizeBytes: 512, clusterBytes: 512, lazyRefcounts: false })
  await createQcow2(installation, { path: path('big, clusters'), sizeBytes: 3 * mebibyte, clusterBytes: 2 * mebibyte, preallocation: 'metadata' })
  await createQcow2(installation, { path: path('reserved'), sizeBytes: 4 * mebibyte, preallocation: 'falloc' })
  for (const name of await readdir(folder)) {
    expect(await readImageHeader(path(name))).toMatchObject({ kind: 'qcow2', refusals: [] })
    expect(await checkQcow2(installation, path(name))).toMatchObject({ corruptions: 0, leaks: 0 })
    expect((await stat(path(name))).mode & 0o777).toBe(0o600)
  }
  const { virtualSizeBytes, actualSizeBytes, backingName } = await readImageInfo(installation, path('plain'), { format: 'qcow2' })
  expect({ virtualSizeBytes, backingName }).toEqual({ virtualSizeBytes: 10 * 1024 ** 4, backingName: null })
  expect(actualSizeBytes).toBeLessThan(mebibyte)
  expect((await readImageInfo(installation, path('reserved'), { format: 'qcow2' })).actualSizeBytes).toBeGreaterThan(4 * mebibyte)
})

test('a layer names the one below without opening it', async () => {
  await createQcow2(installation, { path: path('above'), sizeBytes: mebibyte, backing: { name: 'below.qcow2', format: 'qcow2' } })
  expect(await readdir(folder)).toEqual(['above'])
  expect((await readImageInfo(installation, path('above'), { format: 'qcow2' })).backingName).toBe('below.qcow2')
  expect((await readImageHeader(path('above'))).refusals).toEqual([{ code: 'names-another-file', sentence: 'The image holds only the difference to another file (below.qcow2).' }])
  for (const name of ['json:{}', 'nbd:unix:/s', '-o', '']) {
    await expect(createQcow2(installation, { path: path('x'), sizeBytes: mebibyte, backing: { name, format: 'qcow2' } })).rejects.toThrow('cannot name the layer below')
  }
})

test('nothing is replaced, and nothing is left of what failed', async () => {
  await writeFile(path('there'), 'precious')
  await expect(createQcow2(installation, { path: path('there'), sizeBytes: mebibyte })).rejects.toMatchObject({ code: 'conflict' })
  expect(await readFile(path('there'), 'utf8')).toBe('precious')
  await expect(createQcow2(installation, { path: path('bad'), sizeBytes: mebibyte, clusterBytes: 1000 })).rejects.toMatchObject({ code: 'job-failed' })
  for (const sizeBytes of [0, -512, 1000, Number.NaN, 2 ** 60]) await expect(createQcow2(installation, { path: path('bad'), sizeBytes })).rejects.toMatchObject({ code: 'invalid-input' })
  await expect(createQcow2({ ...installation, imgBinary: null }, { path: path('bad'), sizeBytes: mebibyte })).rejects.toMatchObject({ code: 'host-unavailable', details: { check: 'qemu-img' } })
  await expect(createQcow2(installation, { path: path('bad'), sizeBytes: mebibyte, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' })
  expect(await readdir(folder)).toEqual(['there'])
})

test('more than the disk holds is refused before it is begun', async () => {
  await expect(createQcow2(installation, { path: path('huge'), sizeBytes: 2 ** 50, preallocation: 'falloc' })).rejects.toMatchObject({ code: 'no-space', details: { needed: 2 ** 50 } })
  expect(await readdir(folder)).toEqual([])
})

test('a disk grows and does not shrink', async () => {
  await createQcow2(installation, { path: path('disk'), sizeBytes: mebibyte })
  await resizeQcow2(installation, path('disk'), 5 * mebibyte)
  expect((await readImageHeader(path('disk'))).virtualSizeBytes).toBe(5 * mebibyte)
  await expect(resizeQcow2(installation, path('disk'), mebibyte)).rejects.toMatchObject({ code: 'invalid-input' })
})

test('a check counts damage and leaks', async () => {
  await rawImg('create', '-q', '-f', 'qcow2', path('disk'), '1M')
  const file = await open(path('disk'), 'r+')
  // The first first-level entry leads to a cluster that nothing has allocated.
  const header = Buffer.alloc(48)
  await file.read(header, 0, 48, 0)
  const entry = Buffer.alloc(8)
  entry.writeBigUInt64BE((1n << 63n) | 0x50000n)
  await file.write(entry, 0, 8, Number(header.readBigUInt64BE(40)))
  await file.truncate(0x70000)
  await file.close()
  expect((await checkQcow2(installation, path('disk'))).corruptions).toBeGreaterThan(0)
  await writeFile(path('text'), 'no image')
  await expect(checkQcow2(installation, path('text'))).rejects.toMatchObject({ code: 'job-failed' })
})

test('converts with progress, as the format that was said and no other', async () => {
  const raw = await open(path('raw'), 'w')
  // A guest can write a qcow2 header to its raw disk; only a reader that guesses would follow it.
  await rawImg('create', '-q', '-f', 'qcow2', '-u', '-b', '/etc/hostname', '-F', 'raw', path('trap'), '1M')
  await raw.write(await readFile(path('trap')), 0)
  for (let offset = mebibyte; offset < 24 * mebibyte; offset += mebibyte) await raw.write(Buffer.alloc(4096, offset / mebibyte), 0, 4096, offset)
  await raw.truncate(24 * mebibyte)
  await raw.close()
  const shares: number[] = []
  await convertToQcow2(installation, { source: path('raw'), sourceFormat: 'raw', target: path('disk'), onProgress: (share) => shares.push(share) })
  expect(shares.at(-1)).toBe(1)
  expect(shares).toEqual(shares.toSorted((a, b) => a - b))
  expect(await readImageInfo(installation, path('disk'), { format: 'qcow2' })).toMatchObject({ virtualSizeBytes: 24 * mebibyte, backingName: null })
  await rawImg('compare', '-f', 'raw', '-F', 'qcow2', path('raw'), path('disk'))
})

test('a conversion that is cancelled or fails leaves no target', async () => {
  await writeFile(path('raw'), Buffer.alloc(mebibyte, 1))
  const cancel = new AbortController()
  const conversion = convertToQcow2(installation, { source: path('raw'), sourceFormat: 'raw', target: path('disk'), signal: cancel.signal })
  cancel.abort()
  await expect(conversion).rejects.toMatchObject({ code: 'cancelled' })
  await expect(convertToQcow2(installation, { source: path('raw'), sourceFormat: 'qcow2', target: path('disk') })).rejects.toMatchObject({ code: 'job-failed' })
  expect(await readdir(folder)).toEqual(['raw'])
})

test('real images made by qemu-img get the verdict they deserve', async () => {
  const made = async (name: string, ...args: string[]): Promise<string[]> => {
    await rawImg('create', '-q', ...args)
    const { kind, refusals } = await readImageHeader(path(name))
    return [kind, ...refusals.map(({ code }) => code)]
  }
  expect(await made('a', '-f', 'qcow2', path('a'), '1G')).toEqual(['qcow2'])
  expect(await made('b', '-f', 'qcow2', '-o', 'compat=0.10', path('b'), '1G')).toEqual(['qcow2'])
  expect(await made('c', '-f', 'qcow2', '-o', `data_file=${path('data')}`, path('c'), '1G')).toEqual(['qcow2', 'names-another-file'])
  expect(await made('d', '-f', 'qcow2', '-u', '-F', 'raw', '-b', 'json:{"driver":"null-co"}', path('d'), '1G')).toEqual(['qcow2', 'names-another-file'])
  const secret = ['--object', 'secret,id=key,data=123456']
  expect(await made('e', ...secret, '-f', 'qcow2', '-o', 'encrypt.format=aes,encrypt.key-secret=key', path('e'), '1M')).toEqual(['qcow2', 'encrypted'])
  expect(await made('f', '-f', 'vmdk', path('f'), '1M')).toEqual(['vmdk', 'foreign-format'])
  expect(await made('g', '-f', 'vdi', path('g'), '1M')).toEqual(['vdi', 'foreign-format'])
  expect(await made('h', '-f', 'vhdx', path('h'), '1M')).toEqual(['vhdx', 'foreign-format'])
  expect(await made('i', '-f', 'vpc', path('i'), '1M')).toEqual(['vhd', 'foreign-format'])
  expect(await made('j', '-f', 'raw', path('j'), '1M')).toEqual(['raw'])
  expect(await made('k', '-f', 'qcow2', '-o', 'extended_l2=on,compression_type=zstd', path('k'), '1M')).toEqual(['qcow2'])
})
