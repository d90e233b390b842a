import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findQemu } from '../capabilities/find-qemu.ts'
import { convertToQcow2 } from './convert-image.ts'
import { createQcow2 } from './create-qcow2.ts'

const run = promisify(execFile)
const mebibyte = 1024 * 1024

/** A file system of 4 MiB; only root can make one. */
let small: string
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-full-'))
  small = await mkdtemp(join(tmpdir(), 'mayfly-small-'))
  await run('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', small])
})
afterEach(async () => {
  await run('umount', [small])
  await rm(small, { recursive: true })
  await rm(folder, { recursive: true })
})

test('a disk that fills up during the work is told from every other failure, and nothing is left', async () => {
  const installation = await findQemu()
  const source = join(folder, 'raw')
  await writeFile(source, Buffer.alloc(8 * mebibyte, 1))
  await expect(convertToQcow2(installation, { source, sourceFormat: 'raw', target: join(small, 'disk') })).rejects.toMatchObject({ code: 'no-space', details: { path: join(small, 'disk') } })
  expect(await readdir(small)).toEqual([])
  await expect(createQcow2(installation, { path: join(small, 'disk'), sizeBytes: mebibyte, clusterBytes: 1000 })).rejects.toMatchObject({ code: 'job-failed' })
  expect(await readdir(small)).toEqual([])
})
