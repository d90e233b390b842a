import { execFileSync } from 'node:child_process'
import { closeSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { extentKinds, ramPageBytes } from '../qemu/process/ram-layer.ts'
import { randomNumbers } from '../random-numbers.fixture.ts'
import { layerInMemory } from './ram-layers.fixture.ts'
import { shareRamLayers, writeRamLayer } from './ram-layers.ts'

let root = ''
let full = ''

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mayfly-ram-full-'))
  full = join(root, 'full')
  await mkdir(full)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', full])
})

afterEach(async () => {
  execFileSync('umount', [full])
  await rm(root, { recursive: true, force: true })
})

test('RAM that does not fit on the disk says so and leaves nothing, written or shared', async () => {
  const pages = 2_000
  const layer = layerInMemory(randomNumbers(), 'lowest000000', pages * ramPageBytes, Uint32Array.of(0, pages, extentKinds.data))
  try {
    const request = { id: layer.id, ramBytes: pages * ramPageBytes, layers: [layer], beneath: [] }
    await expect(writeRamLayer({ ...request, folder: join(full, 'ram') })).rejects.toMatchObject({ code: 'no-space' })
    await writeRamLayer({ ...request, folder: join(root, 'ram') })
    await expect(shareRamLayers(join(root, 'ram'), join(full, 'ram'), [layer.id])).rejects.toMatchObject({ code: 'no-space' })
    expect(await readdir(join(full, 'ram'))).toEqual([])
  } finally {
    closeSync(layer.descriptor)
  }
})
