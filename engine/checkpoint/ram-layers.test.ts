import { closeSync, copyFileSync, openSync, readSync } from 'node:fs'
import { chmod, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { extentKinds, type OpenRamLayer, ramPageBytes } from '../qemu/process/ram-layer.ts'
import { composeRam, zeroSource } from './compose-ram.ts'
import { randomNumbers } from '../random-numbers.fixture.ts'
import { layerInMemory, randomExtents } from './ram-layers.fixture.ts'
import { checkRamLayer, closeRamLayers, openRamLayers, ramLayerSize, removeRamLayer, shareRamLayers, verifyRamLayer, writeRamLayer } from './ram-layers.ts'

const pages = 3_000
const ramBytes = pages * ramPageBytes
const everything = Uint32Array.of(0, pages, extentKinds.data)
let folder = ''
let ram = ''
const open: OpenRamLayer[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-ram-layers-'))
  ram = join(folder, 'ram')
})

afterEach(async () => {
  closeRamLayers(open.splice(0))
  await rm(folder, { recursive: true, force: true })
})

/** What a machine with this pile would see. */
function content(layers: readonly OpenRamLayer[]): Buffer {
  const memory = Buffer.alloc(ramBytes)
  const runs = composeRam(layers.map(({ extents }) => extents))
  for (let at = 0; at < runs.length; at += 3) {
    const [first = 0, count = 0, source = 0] = runs.subarray(at, at + 3)
    const layer = source === zeroSource ? undefined : layers[source]
    if (layer !== undefined) readSync(layer.descriptor, memory, first * ramPageBytes, count * ramPageBytes, first * ramPageBytes)
  }
  return memory
}

function keep<T extends OpenRamLayer | OpenRamLayer[]>(layers: T): T {
  open.push(...(Array.isArray(layers) ? layers : [layers]))
  return layers
}

test('random piles are on disk what they were in memory, layer by layer and as one', async () => {
  const random = randomNumbers()
  for (let round = 0; round < 6; round++) {
    const why = `seed ${random.seed}, round ${round}`
    const inMemory = [everything, ...Array.from({ length: 3 }, () => randomExtents(random, pages))].map((extents, index) => keep(layerInMemory(random, `layer${round}${index}abcdef`.slice(0, 12), ramBytes, extents)))
    for (const [index, layer] of inMemory.entries()) await writeRamLayer({ folder: ram, id: layer.id, ramBytes, layers: [layer], beneath: inMemory.slice(0, index) })
    const onDisk = keep(await openRamLayers(ram, inMemory.map(({ id }) => id), ramBytes))
    expect(content(onDisk).equals(content(inMemory)), why).toBe(true)
    for (const { id } of inMemory) await verifyRamLayer(ram, id, ramBytes)

    // The upper two become one, on top of what is on disk; and all become one.
    await writeRamLayer({ folder: ram, id: `uppertwo000${round}`, ramBytes, layers: inMemory.slice(2), beneath: onDisk.slice(0, 2) })
    await writeRamLayer({ folder: ram, id: `allofthem00${round}`, ramBytes, layers: inMemory, beneath: [] })
    const merged = [...onDisk.slice(0, 2), ...keep(await openRamLayers(ram, [`uppertwo000${round}`], ramBytes))]
    const flat = keep(await openRamLayers(ram, [`allofthem00${round}`], ramBytes))
    expect([content(merged).equals(content(inMemory)), content(flat).equals(content(inMemory))], why).toEqual([true, true])
  }
})

test('a layer has only what changed, zeroes take no space, and nobody can write to it', async () => {
  const random = randomNumbers()
  const lowest = keep(layerInMemory(random, 'lowest000000', ramBytes, everything))
  const same = keep(layerInMemory(randomNumbers(random.seed), 'lowest000000', ramBytes, everything))
  await writeRamLayer({ folder: ram, id: 'lowest000000', ramBytes, layers: [lowest], beneath: [] })
  const { writtenBytes, index } = await writeRamLayer({ folder: ram, id: 'same00000000', ramBytes, layers: [{ ...same, id: 'same00000000' }], beneath: [lowest] })
  expect([writtenBytes, [...index.extents]]).toEqual([0, []])

  const nothing = { id: 'zero00000000', descriptor: same.descriptor, extents: Uint32Array.of(0, pages, extentKinds.zero) }
  await writeRamLayer({ folder: ram, id: 'zero00000000', ramBytes, layers: [nothing], beneath: [lowest] })
  expect((await ramLayerSize(ram, 'zero00000000')).bytes).toBeLessThan(256 * 1024)
  expect(await Promise.all((await readdir(ram)).map(async (name) => (await stat(join(ram, name))).mode & 0o777))).toEqual(Array.from({ length: 6 }, () => 0o444))
  expect(await readdir(ram)).toHaveLength(6)
})

test('a pile is shared with another machine by links, and is gone with the last one', async () => {
  const random = randomNumbers()
  const layer = keep(layerInMemory(random, 'lowest000000', ramBytes, everything))
  await writeRamLayer({ folder: ram, id: layer.id, ramBytes, layers: [layer], beneath: [] })
  const other = join(folder, 'other')
  await shareRamLayers(ram, other, [layer.id])
  await shareRamLayers(ram, other, [layer.id])
  expect((await ramLayerSize(ram, layer.id)).isShared).toBe(true)
  await removeRamLayer(ram, layer.id)
  expect([(await ramLayerSize(ram, layer.id)).bytes, (await ramLayerSize(other, layer.id)).isShared]).toEqual([0, false])
  expect(content(keep(await openRamLayers(other, [layer.id], ramBytes))).equals(content([layer]))).toBe(true)
})

test('what is torn, cut off, changed, missing or of another machine is told from what is whole', async () => {
  const layer = keep(layerInMemory(randomNumbers(), 'lowest000000', ramBytes, everything))
  await writeRamLayer({ folder: ram, id: layer.id, ramBytes, layers: [layer], beneath: [] })
  const whole = { data: join(ram, 'lowest000000.ram'), index: join(ram, 'lowest000000.index') }
  const index = await readFile(whole.index)
  const corrupt = { code: 'storage-corrupt' }

  const damagedIndices = [Buffer.alloc(0), index.subarray(0, index.length - 1), index.subarray(0, 60), Buffer.concat([index, index]), ...[0, 9, 20, 30, 33, 41, 57, 70, index.length - 1].map((at) => {
    const copy = Buffer.from(index)
    copy.writeUInt8(copy.readUInt8(at) ^ 0x10, at)
    return copy
  })]
  await chmod(whole.index, 0o600)
  for (const damaged of damagedIndices) {
    await writeFile(whole.index, damaged)
    await expect(checkRamLayer(ram, layer.id, ramBytes), `${damaged.length} bytes`).rejects.toMatchObject({ code: expect.stringMatching(/^(storage-corrupt|schema-too-new)$/) as string })
  }
  await writeFile(whole.index, index)
  copyFileSync(whole.index, join(ram, 'another00000.index'))
  copyFileSync(whole.data, join(ram, 'another00000.ram'))
  await expect(checkRamLayer(ram, 'another00000', ramBytes)).rejects.toMatchObject(corrupt)
  await expect(checkRamLayer(ram, layer.id, ramBytes * 2)).rejects.toMatchObject(corrupt)

  await chmod(whole.data, 0o600)
  const file = openSync(whole.data, 'r+')
  const page = Buffer.alloc(ramPageBytes)
  readSync(file, page, 0, ramPageBytes, 5 * ramPageBytes)
  closeSync(file)
  const bytes = await readFile(whole.data)
  bytes.writeUInt8(bytes.readUInt8(5 * ramPageBytes + 17) ^ 1, 5 * ramPageBytes + 17)
  await writeFile(whole.data, bytes)
  await checkRamLayer(ram, layer.id, ramBytes)
  await expect(verifyRamLayer(ram, layer.id, ramBytes)).rejects.toMatchObject(corrupt)
  await truncate(whole.data, ramBytes - 1)
  await expect(openRamLayers(ram, [layer.id], ramBytes)).rejects.toMatchObject(corrupt)
  await rm(whole.data)
  await expect(openRamLayers(ram, [layer.id], ramBytes)).rejects.toMatchObject(corrupt)
})

test('writing tells how far it is, and leaves nothing when it is cancelled', async () => {
  const large = 200 * 1024 * 1024
  const layer = keep(layerInMemory(randomNumbers(), 'lowest000000', large, Uint32Array.of(0, 20, extentKinds.data)))
  const whole = { ...layer, extents: Uint32Array.of(0, large / ramPageBytes, extentKinds.data) }
  const seen: number[] = []
  const controller = new AbortController()
  const writing = writeRamLayer({
    folder: ram, id: layer.id, ramBytes: large, layers: [whole], beneath: [], signal: controller.signal,
    onProgress: ({ bytes, ofBytes }) => {
      expect(ofBytes).toBe(large)
      seen.push(bytes)
      if (seen.length === 2) controller.abort()
    },
  })
  await expect(writing).rejects.toMatchObject({ code: 'cancelled' })
  expect(seen).toEqual([64, 128].map((mebibytes) => mebibytes * 1024 * 1024))
  expect(await readdir(ram)).toEqual([])
})
