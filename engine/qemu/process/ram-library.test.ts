/** The RAM library against a model, in processes that use their memory as QEMU does. */
import { closeSync, ftruncateSync, openSync, readdirSync, readFileSync, readlinkSync, writeSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { randomNumbers } from '../../random-numbers.fixture.ts'
import { until } from '../../guest/exec/native-helper.fixture.ts'
import { digestOf } from './ram-guest.fixture.ts'
import { RamDawdler } from './ram-dawdler.fixture.ts'
import { describeRam, freezeRam, layRam, prepareFreeze, ramAtRest, ramLayerExtents } from './ram-library.ts'
import { countPages, type OpenRamLayer, ramPageBytes } from './ram-layer.ts'
import { buildTrial, RamTrial } from './ram-trial.fixture.ts'

let folder = ''
let program = ''
const trials: RamTrial[] = []

beforeAll(async () => {
  const place = await mkdtemp(join(tmpdir(), 'mayfly-trial-'))
  program = await buildTrial(place)
  return () => rm(place, { recursive: true, force: true })
})

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-ram-'))
})

afterEach(async () => {
  const held = new Set(trials.flatMap(({ layers }) => layers.map(({ descriptor }) => descriptor)))
  await Promise.all(trials.splice(0).map((trial) => trial.end()))
  for (const descriptor of held) closeSync(descriptor)
  await rm(folder, { recursive: true, force: true })
})

async function start(pages: number, layers: readonly OpenRamLayer[] = []): Promise<RamTrial> {
  return known(await RamTrial.start(program, folder, pages, layers))
}

function known(trial: RamTrial): RamTrial {
  trials.push(trial)
  return trial
}

test('random writes, discards, freezes and forks: every memory is what its own history says, and no layer ever changes', async () => {
  const random = randomNumbers()
  const pages = 5_000
  interface Machine { readonly trial: RamTrial; memory: number[] }
  const machines: Machine[] = [{ trial: await start(pages), memory: Array.from({ length: pages }, () => 0) }]
  const digests = new Map<OpenRamLayer, string>()
  const log: string[] = []
  for (let step = 0; step < 250; step++) {
    const number = random.below(machines.length)
    const machine = machines[number]
    if (machine === undefined) throw new Error('There is always one machine.')
    const { trial, memory } = machine
    const first = random.below(pages)
    const count = Math.min(1 + random.below(random.below(5) === 0 ? pages : 30), pages - first)
    const act = random.below(20)
    if (act < 8) {
      const [stride, value] = [1 + random.below(8), random.below(6) === 0 ? 0 : step + 1]
      log.push(`${number}: write ${first} ${count} ${stride} ${value}`)
      await trial.do(`write ${first} ${count} ${stride} ${value}`)
      for (let page = first; page < first + count; page += stride) memory[page] = value
    } else if (act < 14) {
      log.push(`${number}: discard ${first} ${count}`)
      await trial.do(`${act < 12 || trial.layers.length === 0 ? 'discard' : 'advise'} ${first} ${count}`)
      memory.fill(0, first, first + count)
    } else if (act < 17) {
      if (random.below(3) === 0) await prepareFreeze(trial.socket)
      log.push(`${number}: freeze`)
      await trial.freeze()
      const layer = trial.layers.at(-1)
      if (layer !== undefined) digests.set(layer, digestOf(layer.descriptor, pages * ramPageBytes))
    } else if (act < 19 && trial.layers.length > 0 && machines.length < 6) {
      log.push(`${number}: freeze and fork`)
      await trial.freeze()
      const layer = trial.layers.at(-1)
      if (layer !== undefined) digests.set(layer, digestOf(layer.descriptor, pages * ramPageBytes))
      const fork = random.below(2) === 0 ? await start(pages, trial.layers) : known(await RamTrial.startAhead(program, folder, pages, trial.layers))
      machines.push({ trial: fork, memory: [...memory] })
    } else {
      expect(await trial.read(), `seed ${random.seed}\n${log.join('\n')}`).toEqual(memory)
    }
  }
  for (const { trial, memory } of machines) expect(await trial.read(), `seed ${random.seed}\n${log.join('\n')}`).toEqual(memory)
  for (const [layer, digest] of digests) expect(digestOf(layer.descriptor, pages * ramPageBytes)).toBe(digest)
  for (const { trial } of machines) {
    const { layers } = await describeRam(trial.socket)
    expect(layers.map(({ id }) => id)).toEqual(trial.layers.map(({ id }) => id))
    for (const layer of trial.layers) expect(await ramLayerExtents(trial.socket, layer.id)).toEqual(layer.extents)
  }
}, 120_000)

test('memory that is scattered over more extents than a process may have mappings stays right', async () => {
  const pages = 65_536
  const trial = await start(pages)
  const memory = Array.from({ length: pages }, () => 1)
  await trial.do(`write 0 ${pages} 1 1`)
  await trial.freeze()
  // Each layer has as many extents as one may have, and each falls elsewhere.
  for (let layer = 0; layer < 5; layer++) {
    await trial.do(`write ${layer} ${pages} 8 ${layer + 2}`)
    for (let page = layer; page < pages; page += 8) memory[page] = layer + 2
    const { extents } = await trial.freeze()
    expect(extents.length / 3).toBe(8_192)
  }
  const limit = Number(await readFile('/proc/sys/vm/max_map_count', 'utf8'))
  expect(Number(await trial.ask('mappings'))).toBeLessThan(limit)
  const fork = await start(pages, trial.layers)
  expect(Number(await fork.ask('mappings'))).toBeLessThan(limit)
  // And as many pages given back, one by one.
  for (let page = 5; page < pages; page += 97) {
    await fork.do(`discard ${page} 1`)
  }
  expect(await trial.read()).toEqual(memory)
  expect(await fork.read()).toEqual(memory.map((value, page) => (page >= 5 && (page - 5) % 97 === 0 ? 0 : value)))
  await fork.freeze()
  expect(await (await start(pages, fork.layers)).read()).toEqual(await fork.read())
}, 120_000)

test('a freeze that was prepared takes what is there then, not what was there before', async () => {
  const pages = 20_000
  const trial = await start(pages)
  const memory = Array.from({ length: pages }, (_, page): number => (page >= 100 && page < 19_000 ? 2 : 1))
  await trial.do(`write 0 ${pages} 1 1`)
  await trial.freeze()
  expect(await prepareFreeze(trial.socket)).toBe(0)
  await trial.do('write 100 18900 1 2')
  expect(await prepareFreeze(trial.socket)).toBe(18_900 * ramPageBytes)
  await trial.do('write 50 3000 3 3')
  for (let page = 50; page < 3_050; page += 3) memory[page] = 3
  await trial.do('write 8000 200 1 0')
  await trial.do('discard 9000 600')
  await trial.do('write 19500 10 1 4')
  memory.fill(0, 8_000, 8_200).fill(0, 9_000, 9_600).fill(4, 19_500, 19_510)
  const { extents } = await trial.freeze()
  expect(countPages(extents)).toBeGreaterThan(18_900)
  await trial.do('write 0 10 1 5')
  const fork = await start(pages, trial.layers)
  expect(await fork.read()).toEqual(memory)
  expect(await trial.read()).toEqual(memory.fill(5, 0, 10))
})

test('a machine that is frozen hundreds of times keeps a low pile, and is what its layers say', async () => {
  const random = randomNumbers()
  const pages = 8_192
  const trial = await start(pages)
  const memory = Array.from({ length: pages }, () => 1)
  await trial.do(`write 0 ${pages} 1 1`)
  const heights: number[] = []
  for (let round = 0; round < 140; round++) {
    const [first, count, stride] = [random.below(pages), 1 + random.below(3_000), 1 + random.below(40)]
    await trial.do(`write ${first} ${count} ${stride} ${round + 2}`)
    for (let page = first; page < Math.min(first + count, pages); page += stride) memory[page] = round + 2
    if (random.below(4) === 0) {
      const [from, length] = [random.below(pages - 200), 1 + random.below(200)]
      await trial.do(`discard ${from} ${length}`)
      memory.fill(0, from, from + length)
    }
    heights.push((await describeRam(trial.socket)).layers.length)
    await trial.freeze()
    if (round % 35 === 33) {
      const pile = await trial.openPile()
      const fork = await start(pages, pile)
      expect(await fork.read(), `seed ${random.seed}, round ${round}`).toEqual(memory)
      trial.layers.push(...pile)
    }
  }
  expect(Math.max(...heights)).toBeLessThanOrEqual(33)
  expect(await trial.read(), `seed ${random.seed}`).toEqual(memory)
  expect(Number(await trial.ask('mappings'))).toBeLessThan(40_000)
}, 120_000)

test('a process keeps its memory, its layers and its socket open, and nothing that was only for its start', async () => {
  const source = await start(100)
  await source.freeze()
  const fork = await start(100, source.layers)
  const open = readdirSync(`/proc/${fork.pid}/fd`).map((number) => readlinkSync(`/proc/${fork.pid}/fd/${number}`))
  // Its own file by the engine's number and by its own, and the layer.
  expect(open.filter((target) => /memfd|mayfly/.test(target))).toEqual(Array.from({ length: 3 }, () => '/memfd:mayfly-test-ram (deleted)'))
})

test('what a process begins from can be laid under it once, while it has written nothing that counts; a plan that is of no use is an answer', async () => {
  const parent = await start(100)
  await parent.do('write 0 100 1 7')
  await parent.freeze()
  const fork = known(await RamTrial.startAhead(program, folder, 100, parent.layers))
  expect(await fork.read()).toEqual(Array.from({ length: 100 }, () => 7))
  expect(await describeRam(fork.socket)).toMatchObject({ mode: 'private', layers: [{ id: parent.layers[0]?.id }] })
  await expect(layRam(fork.socket, 100 * ramPageBytes, parent.layers)).rejects.toMatchObject({ code: 'host-unavailable' })
  expect(await fork.read()).toEqual(Array.from({ length: 100 }, () => 7))

  const other = await start(50)
  await expect(layRam(other.socket, 100 * ramPageBytes, parent.layers)).rejects.toMatchObject({ code: 'host-unavailable' })
  // It must not begin with other memory than it was to have, so nothing can be made of it.
  await expect(freezeRam(other.socket, 'first0000000')).rejects.toMatchObject({ code: 'host-unavailable' })
  const closed = await start(100)
  const gone = openSync('/dev/null', 'r')
  closeSync(gone)
  await expect(layRam(closed.socket, 100 * ramPageBytes, parent.layers.map((layer) => ({ ...layer, descriptor: gone })))).rejects.toMatchObject({ code: 'host-unavailable' })
  expect(await parent.read()).toEqual(Array.from({ length: 100 }, () => 7))
})

test('a layer cannot be written, not even through the machine it came from', async () => {
  const trial = await start(100)
  await trial.do('write 0 100 1 7')
  await trial.freeze()
  await trial.do('write 0 10 1 8')
  await trial.freeze()
  for (const { qemuDescriptor } of (await describeRam(trial.socket)).layers) {
    const layer = openSync(`/proc/${trial.pid}/fd/${qemuDescriptor}`, 'r+')
    try {
      expect(() => writeSync(layer, 'x', 0)).toThrow(/EPERM/)
      expect(() => ftruncateSync(layer, 0)).toThrow(/EPERM/)
    } finally {
      closeSync(layer)
    }
  }
})

test('nobody is believed who does not keep to the protocol', async () => {
  const trial = await start(100)
  const header = (magic: number, version: number, word: number, length: number): Buffer => {
    const request = Buffer.alloc(16)
    request.writeUInt32LE(magic, 0)
    request.writeUInt16LE(version, 4)
    request.writeUInt16LE(word, 6)
    request.writeUInt32LE(length, 8)
    return request
  }
  const magic = 0x4d52464d
  const random = randomNumbers()
  const nonsense = [
    Buffer.from('GET / HTTP/1.1\r\n\r\n'), header(0, 1, 1, 0), header(magic, 2, 1, 0), header(magic, 1, 99, 0), header(magic, 1, 0, 0), header(magic, 1, 2, 0), header(magic, 1, 2, 2 ** 32 - 1),
    header(magic, 1, 1, 12), header(magic, 1, 4, 13), Buffer.concat([header(magic, 1, 4, 12), Buffer.alloc(12, 0xff)]), Buffer.from([1]), Buffer.alloc(0),
    ...Array.from({ length: 30 }, () => Buffer.from(Array.from({ length: 16 + random.below(200) }, () => random.below(256)))),
  ]
  for (const bytes of nonsense) {
    const answer = await new Promise<Buffer>((resolve) => {
      const parts: Buffer[] = []
      const socket = connect(trial.socket)
      socket.on('data', (part) => parts.push(part))
      socket.on('error', () => undefined)
      socket.on('close', () => resolve(Buffer.concat(parts)))
      socket.end(bytes)
    })
    expect(answer.length === 0 || answer.readUInt16LE(6) !== 0, bytes.toString('hex')).toBe(true)
  }
  // Somebody who connects and says nothing does not keep others out for long.
  const silent = connect(trial.socket)
  expect(await describeRam(trial.socket)).toMatchObject({ mode: 'shared' })
  silent.destroy()
  expect(await freezeRam(trial.socket, 'first0000000')).toMatchObject({ inPlace: true })
  await expect(freezeRam(trial.socket, 'first0000000')).rejects.toMatchObject({ code: 'host-unavailable' })
  await expect(ramLayerExtents(trial.socket, 'second000000')).rejects.toMatchObject({ code: 'not-found' })
})

test('what is not RAM any more is left alone', async () => {
  const covered = await start(100)
  await covered.do('write 0 100 1 3')
  await covered.do('cover 10 5')
  await expect(freezeRam(covered.socket, 'layer0000000')).rejects.toMatchObject({ code: 'host-unavailable' })
  const unmapped = await start(100)
  await unmapped.do('unmap')
  await expect(freezeRam(unmapped.socket, 'layer0000000')).rejects.toMatchObject({ code: 'host-unavailable' })
  expect(await describeRam(unmapped.socket)).toMatchObject({ mode: 'shared', layers: [] })
})

test('whoever asks whether the library is at rest waits for a freeze that somebody dead has asked for', async () => {
  const dawdler = await RamDawdler.build(folder, 'slow-trial', program, 2)
  const trial = await RamTrial.start(dawdler.program, folder, 100)
  trials.push(trial)
  await trial.do('write 0 100 1 1')
  await trial.freeze()
  await trial.do('write 0 50 1 2')
  await dawdler.arm()
  const request = Buffer.alloc(28)
  request.writeUInt32LE(0x4d52464d, 0)
  request.writeUInt16LE(1, 4)
  request.writeUInt16LE(2, 6)
  request.writeUInt32LE(12, 8)
  request.write('second000000', 16)
  const asking = connect(trial.socket)
  asking.write(request)
  await until('it is in the middle', () => Promise.resolve(dawdler.isDawdling), 10_000)
  asking.destroy()
  await ramAtRest(trial.socket)
  expect(dawdler.isDone).toBe(true)
  await trial.do('write 0 50 1 3')
  expect(await trial.read()).toEqual(Array.from({ length: 100 }, (_, page) => (page < 50 ? 3 : 1)))
  await trial.end()
  await ramAtRest(trial.socket)
})

test('what is given back is zero also where pages were copied, because there were too many to be mapped one by one', async () => {
  const pages = 65_536
  const half = pages / 2
  const trial = await start(pages)
  await trial.do(`write 0 ${half} 1 1`)
  await trial.freeze()
  // Zeroes over ones in the first half, zeroes from the beginning in the second.
  await trial.do(`discard 0 ${half}`)
  await trial.freeze()
  const memory = Array.from({ length: pages }, () => 0)
  for (let layer = 0; layer < 7; layer++) {
    await trial.do(`write ${layer} ${pages} 8 ${layer + 2}`)
    for (let page = layer; page < pages; page += 8) memory[page] = layer + 2
    await trial.freeze()
  }
  const wrong = async (of: RamTrial): Promise<number[]> => (await of.read()).flatMap((value, page) => (value === memory[page] ? [] : [page]))
  const fork = await start(pages, trial.layers)
  for (const each of [fork, trial]) {
    expect(await wrong(each)).toEqual([])
    // Every eighth, beginning with this one: the zeroes in the first half, a layer's pages in both.
    for (const [first, end] of [[7, half], [3, pages]] as const) for (let page = first; page < end; page += 8 * 16) await each.do(`discard ${page} 1`)
  }
  for (const [first, end] of [[7, half], [3, pages]] as const) for (let page = first; page < end; page += 8 * 16) memory[page] = 0
  for (const each of [fork, trial]) {
    expect(await wrong(each)).toEqual([])
    await each.freeze()
    expect(await wrong(each)).toEqual([])
    const child = await start(pages, each.layers)
    expect(await wrong(child)).toEqual([])
    await child.end()
  }
}, 120_000)

test('a first freeze that the system refuses leaves the memory as it was, and the next one works', async () => {
  const dawdler = await RamDawdler.build(folder, 'refused-trial', program, 0)
  const trial = await RamTrial.start(dawdler.program, folder, 100)
  trials.push(trial)
  await trial.do('write 0 100 1 1')
  await dawdler.refuse()
  await expect(trial.freeze()).rejects.toMatchObject({ code: 'host-unavailable', details: { check: 'memory' } })
  expect(await describeRam(trial.socket)).toMatchObject({ mode: 'shared', layers: [] })
  expect(await trial.read()).toEqual(Array.from({ length: 100 }, () => 1))
  await trial.do('write 0 50 1 2')
  await trial.freeze()
  await trial.do('write 0 10 1 3')
  expect(await (await start(100, trial.layers)).read()).toEqual(Array.from({ length: 100 }, (_, page) => (page < 50 ? 2 : 1)))
  expect(await trial.read()).toEqual(Array.from({ length: 100 }, (_, page) => (page < 10 ? 3 : page < 50 ? 2 : 1)))
})

test('a process with no descriptor left answers once it has one again, and does not spin until then', async () => {
  const trial = await start(100)
  const taken = new Set(readdirSync(`/proc/${trial.pid}/fd`).map(Number))
  const free = Array.from({ length: taken.size + 1 }, (_, number) => number).find((number) => !taken.has(number)) ?? 0
  const thread = readdirSync(`/proc/${trial.pid}/task`).find((id) => readFileSync(`/proc/${trial.pid}/task/${id}/comm`, 'utf8') === 'mayfly-ram\n') ?? ''
  const naps = (): number => Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(readFileSync(`/proc/${trial.pid}/task/${thread}/status`, 'utf8'))?.[1])
  await trial.do(`descriptors ${free}`)
  const asking = describeRam(trial.socket)
  const begun = naps()
  await until('it has slept some times', () => Promise.resolve(naps() >= begun + 5), 10_000)
  await trial.do('descriptors 0')
  expect(await asking).toMatchObject({ mode: 'shared' })
})
