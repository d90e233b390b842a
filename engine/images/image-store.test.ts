import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MayflyError } from '../../contract/errors.ts'
import { imageSchema } from '../../contract/image.ts'
import type { Job } from '../../contract/job.ts'
import { JobBook } from '../jobs/job-book.ts'
import { findQemu } from '../qemu/capabilities/find-qemu.ts'
import { makeIso, makeRawDisk } from './image-files.fixture.ts'
import { freeName, nameFromFile } from './image-name.ts'
import { type ImageChange, ImageStore } from './image-store.ts'
import { linkOrCopy } from './link-or-copy.ts'

let root: string
let folder: string
let jobs: JobBook
let changes: ImageChange[]
let store: ImageStore

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mayfly-images-'))
  folder = join(root, 'data', 'images')
  changes = []
  jobs = await JobBook.open({
    historyFile: null,
    onChange: () => undefined,
    reportBug: (error) => {
      throw error
    },
  })
  store = await openStore()
})
afterEach(async () => {
  await jobs.close()
  await rm(root, { recursive: true, force: true })
})

function openStore(): Promise<ImageStore> {
  return ImageStore.open({ folder, cacheFolder: join(root, 'cache'), jobs, installation: () => findQemu(), usersOf: (id) => (id === '' ? [] : ['web']), onChange: (change) => changes.push(change) })
}

async function put(name: string, content: Buffer | string): Promise<string> {
  const path = join(root, name)
  await writeFile(path, content)
  return path
}

async function add(file: string, name?: string): Promise<Job> {
  return jobs.wait((await store.addFile({ file, name })).id)
}

const isos = (): Promise<string[]> => readdir(folder)

test('an ISO file is copied, hashed, and listed under its file\'s name', async () => {
  const iso = makeIso('one')
  const job = await add(await put('debian 13.iso', iso))
  expect(job).toMatchObject({ state: 'done', result: { sentence: 'debian 13.iso can be used.' } })
  const image = store.get('debian 13.iso')
  expect(imageSchema.parse(image)).toMatchObject({
    id: job.result?.image, name: 'debian 13.iso', kind: 'iso', format: 'iso9660', virtualBytes: iso.length, origin: 'debian 13.iso', broken: null, usedBy: ['web'],
    sha256: createHash('sha256').update(iso).digest('hex'),
  })
  expect(changes).toEqual([{ kind: 'changed', image }])
  const path = join(folder, image.id, 'disc.iso')
  expect((await readFile(path)).equals(iso)).toBe(true)
  expect((await stat(path)).mode & 0o777).toBe(0o444)
  expect((await openStore()).list()).toEqual([image])
})

test('the same content twice is the image that is there', async () => {
  const first = await add(await put('a.iso', makeIso('same')))
  const second = await add(await put('b.iso', makeIso('same')))
  expect(second.result).toEqual({ image: first.result?.image, sentence: 'The same content is there already, as a.iso; nothing was added.' })
  expect(store.list()).toHaveLength(1)
  expect(await isos()).toEqual([first.result?.image])
})

test('the same content brought by two jobs at once is one image', async () => {
  const [one, two] = await Promise.all([add(await put('a.iso', makeIso('same'))), add(await put('b.iso', makeIso('same')))])
  expect(one.result?.image).toBe(two.result?.image)
  expect(await isos()).toHaveLength(1)
})

test('a name that is taken is refused when it was asked for, and numbered when not', async () => {
  await add(await put('a.iso', makeIso('one')))
  const other = await put('other.iso', makeIso('two'))
  await expect(store.addFile({ file: other, name: 'a.iso' })).rejects.toMatchObject({ code: 'conflict' })
  await mkdir(join(root, 'elsewhere'))
  await add(await put('elsewhere/a.iso', makeIso('three')))
  await add(other, 'mine')
  expect(store.list().map(({ name }) => name)).toEqual(['a.iso', 'a.iso 2', 'mine'])
})

test('images are found by name, id, and the beginning of an id', async () => {
  const { id } = store.get(String((await add(await put('a.iso', makeIso('one')))).result?.image))
  expect(store.get('a.iso').id).toBe(id)
  expect(store.get(id.slice(0, 6)).id).toBe(id)
  for (const ref of ['', 'b.iso', 'a.is', `${id}x`]) expect(() => store.get(ref)).toThrow(expect.objectContaining({ code: 'not-found' }))
})

test('what is not an image is refused before anything is copied', async () => {
  const cases: [string, string][] = [
    [await put('page.iso', '<!DOCTYPE html><html>'), 'unsupported'],
    [await put('empty.iso', ''), 'unsupported'],
    [await put('short.iso', makeIso('x', 4000).subarray(0, 60_000)), 'unsupported'],
    [await put('text.img', 'hello'), 'unsupported'],
    [join(root, 'missing.iso'), 'not-found'],
    [root, 'invalid-input'],
    ['relative.iso', 'invalid-input'],
    ['/dev/zero', 'invalid-input'],
  ]
  for (const [file, code] of cases) await expect(store.addFile({ file }), file).rejects.toMatchObject({ code })
  expect(jobs.list()).toEqual([])
  expect(await isos()).toEqual([])
})

test('a qcow2 file that names another file is refused', async () => {
  const header = Buffer.alloc(64 * 1024)
  header.write('QFI\xfb', 0, 'latin1')
  header.writeUInt32BE(3, 4)
  const backing = 'json:{"driver":"file","filename":"/etc/passwd"}'
  header.writeBigUInt64BE(512n, 8)
  header.writeUInt32BE(backing.length, 16)
  header.writeUInt32BE(16, 20)
  header.writeBigUInt64BE(1024n * 1024n, 24)
  header.writeUInt32BE(104, 100)
  header.write(backing, 512)
  await expect(store.addFile({ file: await put('evil.qcow2', header) })).rejects.toMatchObject({ code: 'unsupported', details: { have: 'qcow2' } })
})

test('a cancelled job leaves nothing, and its name is free again', async () => {
  const file = await put('a.iso', makeIso('big', 20_000))
  const job = await store.addFile({ file })
  jobs.cancel(job.id)
  expect((await jobs.wait(job.id)).state).toBe('cancelled')
  expect(await isos()).toEqual([])
  expect((await add(file)).result?.sentence).toBe('a.iso can be used.')
})

test('a machine takes a file by hard link, and keeps it when the image is removed', async () => {
  const image = store.get(String((await add(await put('a.iso', makeIso('one')))).result?.image))
  const target = join(root, 'cd0.iso')
  await store.linkInto(image.id, 'iso', target)
  expect((await stat(target)).nlink).toBe(2)
  expect(await store.remove('a.iso')).toEqual(image)
  expect(changes.at(-1)).toEqual({ kind: 'removed', image: image.id })
  expect((await readFile(target)).equals(makeIso('one'))).toBe(true)
  expect(await isos()).toEqual([])
  await expect(store.linkInto(image.id, 'iso', join(root, 'again.iso'))).rejects.toMatchObject({ code: 'not-found' })
})

test('a file that the image does not have is refused', async () => {
  const image = store.get(String((await add(await put('a.iso', makeIso('one')))).result?.image))
  await expect(store.linkInto(image.id, 'disk', join(root, 'x'))).rejects.toMatchObject({ code: 'unsupported' })
  expect(() => store.kernelOf(image.id)).toThrow(expect.objectContaining({ code: 'unsupported' }))
})

test('where links are refused the file is copied, read only', async () => {
  const source = await put('source', 'content')
  await chmod(source, 0o444)
  // Another file system everywhere Mayfly runs.
  const target = `/dev/shm/mayfly-link-or-copy-${process.pid}`
  try {
    await linkOrCopy(source, target)
    expect(await readFile(target, 'utf8')).toBe('content')
    expect((await stat(target)).mode & 0o777).toBe(0o444)
    await expect(linkOrCopy(source, target)).rejects.toMatchObject({ code: 'EEXIST' })
    expect(await readFile(target, 'utf8')).toBe('content')
  } finally {
    await rm(target, { force: true })
  }
})

const kernelDocument = { format: 'mayfly-image', version: 1, id: 'kernelkernel', name: 'tiny', origin: 'built on this host', createdAt: '2026-01-01T00:00:00.000Z', sha256: 'a'.repeat(64), content: { kind: 'kernel', commandLine: 'console=ttyS0' } }

async function putImage(id: string, document: unknown, files: readonly string[] = []): Promise<void> {
  await mkdir(join(folder, id), { recursive: true })
  await writeFile(join(folder, id, 'image.json'), typeof document === 'string' ? document : JSON.stringify(document))
  for (const file of files) await writeFile(join(folder, id, file), file)
}

test('a kernel image gives its command line and its three files', async () => {
  await putImage('kernelkernel', kernelDocument, ['vmlinux', 'bzImage', 'initrd'])
  store = await openStore()
  const { id, ...shown } = store.get('tiny')
  expect(shown).toMatchObject({ kind: 'kernel', format: 'linux', virtualBytes: null, broken: null })
  expect(store.kernelOf(id)).toEqual({ commandLine: 'console=ttyS0' })
  for (const file of ['vmlinux', 'bzImage', 'initrd'] as const) await store.linkInto(id, file, join(root, file))
  expect(await readFile(join(root, 'initrd'), 'utf8')).toBe('initrd')
})

test('broken images are listed with the reason and kept; half-made ones are removed', async () => {
  await putImage('brokenbroken', '{"format": "mayfly-ima')
  await putImage('newernewerne', { ...kernelDocument, id: 'newernewerne', version: 7 })
  await putImage('otherotherot', { ...kernelDocument })
  await putImage('extraextraex', { ...kernelDocument, id: 'extraextraex', surprise: true })
  await putImage('kernelkernel', kernelDocument, ['vmlinux', 'bzImage'])
  await mkdir(join(folder, '.abcabcabcabc.new'))
  await mkdir(join(folder, '.abcabcabcabd.gone'))
  await mkdir(join(folder, 'Not ours'))
  store = await openStore()
  const broken = store.list()
  expect(broken.map(({ id, broken: reason }) => [id, reason !== null])).toEqual(['brokenbroken', 'extraextraex', 'newernewerne', 'otherotherot', 'kernelkernel'].map((id) => [id, true]))
  for (const image of broken) {
    imageSchema.parse(image)
    await expect(store.linkInto(image.id, 'vmlinux', join(root, 'x'))).rejects.toMatchObject({ code: 'unsupported' })
  }
  expect((await isos()).sort()).toEqual(['Not ours', 'brokenbroken', 'extraextraex', 'kernelkernel', 'newernewerne', 'otherotherot'])
  await store.remove('brokenbroken')
  expect(await isos()).not.toContain('brokenbroken')
})

test('a link to a file is followed, and what is copied is the file', async () => {
  await symlink(await put('real.iso', makeIso('one')), join(root, 'link.iso'))
  const job = await add(join(root, 'link.iso'))
  expect((await stat(join(folder, String(job.result?.image), 'disc.iso'))).isFile()).toBe(true)
})

test('names come from files, whatever those are called', () => {
  expect(nameFromFile('/x/debian-13.iso')).toBe('debian-13.iso')
  expect(nameFromFile('/x/ a\u202e\n b \u0007.iso ')).toBe('a b .iso')
  expect(nameFromFile('/x/\u0007')).toBe('image')
  expect(Array.from(nameFromFile(`/x/${'🦋'.repeat(200)}`))).toHaveLength(60)
  expect(freeName('a', (name) => ['a', 'a 2'].includes(name))).toBe('a 3')
})

test('without QEMU\'s tools a raw disk is not added, and nothing is left', async () => {
  const none = await ImageStore.open({
    folder, cacheFolder: join(root, 'cache'), jobs, usersOf: () => [], onChange: () => undefined,
    installation: () => Promise.reject(new MayflyError('host-unavailable', 'QEMU is not installed.', { check: 'qemu' })),
  })
  const job = await none.addFile({ file: await put('disk.img', makeRawDisk('x')) })
  expect(await jobs.wait(job.id)).toMatchObject({ state: 'failed', error: { code: 'host-unavailable' } })
  expect(await isos()).toEqual([])
})
