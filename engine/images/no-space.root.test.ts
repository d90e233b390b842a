import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { JobBook } from '../jobs/job-book.ts'
import { findQemu } from '../qemu/capabilities/find-qemu.ts'
import { makeIso, makeRawDisk } from './image-files.fixture.ts'
import { ImageStore } from './image-store.ts'
import { linkOrCopy } from './link-or-copy.ts'

let root: string
let full: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mayfly-no-space-'))
  full = join(root, 'full')
  await mkdir(full)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', full])
})
afterEach(async () => {
  execFileSync('umount', [full])
  await rm(root, { recursive: true, force: true })
})

test('an image that does not fit fails the job and leaves nothing', async () => {
  const jobs = await JobBook.open({
    historyFile: join(full, 'jobs.jsonl'),
    onChange: () => undefined,
    reportBug: (error) => {
      throw error
    },
  })
  const folder = join(full, 'images')
  const store = await ImageStore.open({ folder, cacheFolder: join(root, 'cache'), jobs, installation: () => findQemu(), usersOf: () => [], onChange: () => undefined })
  await writeFile(join(root, 'large.iso'), makeIso('x', 2000))
  await writeFile(join(root, 'large.img'), makeRawDisk('x', 4 * 1024 * 1024).fill(7, 4096))
  for (const name of ['large.iso', 'large.img']) {
    const { id } = await store.addFile({ file: join(root, name) })
    expect(await jobs.wait(id), name).toMatchObject({ state: 'failed', error: { code: 'no-space' } })
    expect(await readdir(folder)).toEqual([])
  }
  await jobs.close()
})

test('a file that cannot be copied for lack of space is not there in part', async () => {
  await writeFile(join(root, 'source'), Buffer.alloc(2 * 1024 * 1024, 1))
  await expect(linkOrCopy(join(root, 'source'), join(full, 'target'))).rejects.toMatchObject({ code: 'no-space' })
  expect(await readdir(full)).toEqual([])
})
