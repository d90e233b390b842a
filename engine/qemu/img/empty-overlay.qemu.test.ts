import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findQemu } from '../capabilities/find-qemu.ts'
import type { QemuInstallation } from '../capabilities/qemu-installation.ts'
import { checkQcow2 } from './check-qcow2.ts'
import { createQcow2 } from './create-qcow2.ts'
import { writeEmptyOverlay } from './empty-overlay.ts'
import { readImageInfo } from './image-info.ts'

const gibibyte = 1024 ** 3

let folder: string
let installation: QemuInstallation
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-overlay-'))
  installation = await findQemu()
})
afterEach(() => rm(folder, { recursive: true }))

test.each([512, 1024 ** 2, gibibyte / 2, gibibyte / 2 + 512, 4096 * gibibyte, 10_000 * gibibyte])('a layer of %i bytes is what qemu-img would have made', async (sizeBytes) => {
  const [base, ours, theirs] = ['base.qcow2', 'ours.qcow2', 'theirs.qcow2'].map((name) => join(folder, name)) as [string, string, string]
  await createQcow2(installation, { path: base, sizeBytes })
  await writeEmptyOverlay({ path: ours, sizeBytes, backing: 'base.qcow2' })
  await createQcow2(installation, { path: theirs, sizeBytes, backing: { name: 'base.qcow2', format: 'qcow2' } })
  expect(await checkQcow2(installation, ours)).toMatchObject({ corruptions: 0, leaks: 0 })
  const told = async (path: string) => {
    const { virtualSizeBytes, backingName } = await readImageInfo(installation, path, { format: 'qcow2' })
    return { virtualSizeBytes, backingName }
  }
  expect(await told(ours)).toEqual(await told(theirs))
  expect((await stat(ours)).mode & 0o777).toBe(0o600)
  // The fixed part of the header, but for where names begin; both write version 3 with lazy refcounts.
  const [mine, other] = await Promise.all([readFile(ours), readFile(theirs)])
  expect(mine.subarray(16, 48)).toEqual(other.subarray(16, 48))
  expect(mine.subarray(72, 104)).toEqual(other.subarray(72, 104))
})

test('a file that is there stays as it is', async () => {
  const path = join(folder, 'there.qcow2')
  await writeEmptyOverlay({ path, sizeBytes: 512, backing: 'a.qcow2' })
  const before = await readFile(path)
  await expect(writeEmptyOverlay({ path, sizeBytes: 1024, backing: 'b.qcow2' })).rejects.toMatchObject({ code: 'EEXIST' })
  expect(await readFile(path)).toEqual(before)
})
