import { execFile } from 'node:child_process'
import { mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Job } from '../../contract/job.ts'
import { JobBook } from '../jobs/job-book.ts'
import { findQemu } from '../qemu/capabilities/find-qemu.ts'
import type { QemuInstallation } from '../qemu/capabilities/qemu-installation.ts'
import { makeRawDisk } from './image-files.fixture.ts'
import { ImageStore } from './image-store.ts'

/** Generous: the hosts of tests are busy. */
const soon = { timeout: 20_000 }

let root: string
let folder: string
let jobs: JobBook
let store: ImageStore
let installation: QemuInstallation
let seen: Job[]

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mayfly-add-image-'))
  folder = join(root, 'images')
  seen = []
  installation = await findQemu()
  jobs = await JobBook.open({
    historyFile: null,
    onChange: (job) => seen.push(job),
    reportBug: (error) => {
      throw error
    },
  })
  store = await ImageStore.open({ folder, cacheFolder: join(root, 'cache'), jobs, installation: () => Promise.resolve(installation), usersOf: () => [], onChange: () => undefined })
})
afterEach(async () => {
  await jobs.close()
  await rm(root, { recursive: true, force: true })
})

async function add(file: string): Promise<Job> {
  return jobs.wait((await store.addFile({ file })).id)
}

/** qemu-img, of the QEMU under test. */
async function img(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(installation.imgBinary ?? '', args, { env: { ...process.env, ...installation.env } })
  return stdout
}

test('a raw disk becomes qcow2 with the same content, and is known by the hash of the raw file', async () => {
  const file = join(root, 'disk.img')
  await writeFile(file, makeRawDisk('hello'))
  const job = await add(file)
  expect(job.state).toBe('done')
  const image = store.get('disk.img')
  expect(image).toMatchObject({ kind: 'disk', format: 'qcow2', virtualBytes: 1024 * 1024 })
  const disk = join(folder, image.id, 'disk.qcow2')
  expect((await stat(disk)).mode & 0o777).toBe(0o444)
  await img('convert', '-f', 'qcow2', '-O', 'raw', disk, join(root, 'back.img'))
  expect((await readFile(join(root, 'back.img'))).equals(makeRawDisk('hello'))).toBe(true)
  expect((await add(file)).result?.image).toBe(image.id)
})

test('a large raw disk full of holes takes little space', async () => {
  const file = join(root, 'sparse.img')
  await writeFile(file, makeRawDisk('start'))
  const handle = await open(file, 'r+')
  await handle.truncate(256 * 1024 * 1024)
  await handle.close()
  const job = await add(file)
  const image = store.get(String(job.result?.image))
  expect(image.virtualBytes).toBe(256 * 1024 * 1024)
  expect(image.sizeBytes).toBeLessThan(2 * 1024 * 1024)
  expect(seen.map(({ stage }) => stage)).toContain('Reading')
})

test('a qcow2 disk is kept as it is', async () => {
  const file = join(root, 'disk.qcow2')
  await img('create', '-q', '-f', 'qcow2', file, '64M')
  await add(file)
  const image = store.get('disk.qcow2')
  expect(image).toMatchObject({ kind: 'disk', format: 'qcow2', virtualBytes: 64 * 1024 * 1024 })
  expect((await readFile(join(folder, image.id, 'disk.qcow2'))).equals(await readFile(file))).toBe(true)
})

test('a disk with a layer beneath, and one that is cut short, are refused', async () => {
  const base = join(root, 'base.qcow2')
  await img('create', '-q', '-f', 'qcow2', base, '64M')
  await img('create', '-q', '-f', 'qcow2', '-b', base, '-F', 'qcow2', join(root, 'top.qcow2'))
  await expect(store.addFile({ file: join(root, 'top.qcow2') })).rejects.toMatchObject({ code: 'unsupported' })
  await writeFile(join(root, 'cut.qcow2'), (await readFile(base)).subarray(0, 1000))
  await expect(store.addFile({ file: join(root, 'cut.qcow2') })).rejects.toMatchObject({ code: 'unsupported' })
  expect(await readdir(folder)).toEqual([])
})

test('cancelling a conversion leaves nothing', async () => {
  const file = join(root, 'disk.img')
  await writeFile(file, makeRawDisk('x', 64 * 1024 * 1024))
  const job = await store.addFile({ file })
  await expect.poll(() => jobs.get(job.id).stage, { ...soon, interval: 1 }).not.toBe('')
  jobs.cancel(job.id)
  expect((await jobs.wait(job.id)).state).toBe('cancelled')
  expect(await readdir(folder)).toEqual([])
})
