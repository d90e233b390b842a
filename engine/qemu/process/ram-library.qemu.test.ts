/** RAM as a pile of frozen layers, in real guests that say themselves what is in their memory. */
import { closeSync, readdirSync, readlinkSync, readSync } from 'node:fs'
import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from '../../guest/exec/native-helper.fixture.ts'
import { meterDisk } from '../capabilities/accelerator-guest.ts'
import { findQemu } from '../capabilities/find-qemu.ts'
import { measureAccelerator } from '../capabilities/measure-accelerator.ts'
import { prepareStateSaving } from '../qmp/device-state.ts'
import { digestOf, RamGuest, removeFolder } from './ram-guest.fixture.ts'
import { describeRam, ramLayerExtents } from './ram-library.ts'

const mebibyte = 1024 * 1024
let folder = ''
const guests: RamGuest[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-ram-'))
})

afterEach(async () => {
  const held = new Set(guests.flatMap((guest) => guest.layers.map(({ descriptor }) => descriptor)))
  await Promise.all(guests.splice(0).map((guest) => guest.kill()))
  for (const descriptor of held) closeSync(descriptor)
  await removeFolder(folder)
})

async function start(name: string, options: Omit<Parameters<typeof RamGuest.start>[0], 'folder'> = {}): Promise<RamGuest> {
  const guest = await RamGuest.start({ folder: join(folder, name), ...options })
  guests.push(guest)
  return guest
}

/** What a process has open, but for its standard streams. */
function openOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).filter((number) => Number(number) > 2).flatMap((number) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${number}`)
    } catch {
      // It was closed meanwhile.
      return []
    }
  })
}

/** Every layer of a pile, bit for bit. */
function digests(guest: RamGuest): string[] {
  return guest.layers.map(({ descriptor }) => digestOf(descriptor, guest.memoryMiB * mebibyte))
}

test('a guest goes on after its RAM was frozen in place, and its forks diverge from the same layer', async () => {
  const source = await start('source')
  expect(await describeRam(source.socket)).toEqual({ mode: 'shared', ramBytes: 256 * mebibyte, layers: [] })
  // Of what this process has open it has nothing but its memory.
  const here = openOf(process.pid).filter((target) => /^(pipe|socket):/.test(target))
  expect(openOf(source.pid).filter((target) => here.includes(target))).toEqual([])
  const ours = await source.fill('ours', 24)

  const frozen = await source.freeze()
  expect(frozen).toMatchObject({ inPlace: true, copiedBytes: 0 })
  const before = digests(source)
  expect(await source.digest('ours')).toBe(ours)
  await source.fill('later', 8)
  expect(await describeRam(source.socket)).toMatchObject({ mode: 'private', layers: [{ id: frozen.id, extentCount: 1 }] })

  const saved = { state: frozen.state, layers: [...source.layers] }
  const [left, right] = [await start('left', { saved }), await start('right', { saved })]
  expect(await Promise.all([left, right].map((fork) => fork.shell('md5sum < /run/ours; ls /run/later 2>&1 || true')))).toEqual([left, right].map(() => `${ours}\nls: /run/later: No such file or directory`))
  await Promise.all([left.fill('ours', 24), right.shell('echo right > /run/who')])
  expect(await right.digest('ours')).toBe(ours)
  expect(await source.digest('ours')).toBe(ours)
  expect(digests(source)).toEqual(before)

  // A fork of a fork begins from both layers.
  const theirs = await right.fill('theirs', 12)
  const second = await right.freeze()
  expect(second.inPlace).toBe(false)
  expect(second.copiedBytes).toBeGreaterThan(12 * mebibyte)
  const grandchild = await start('grandchild', { saved: { state: second.state, layers: [...right.layers] } })
  expect(await grandchild.shell('md5sum < /run/ours; md5sum < /run/theirs; cat /run/who')).toBe(`${ours}\n${theirs}\nright`)
  expect(await right.shell('md5sum < /run/ours; md5sum < /run/theirs; cat /run/who')).toBe(`${ours}\n${theirs}\nright`)
  expect(await describeRam(grandchild.socket)).toMatchObject({ mode: 'private', layers: [{ id: frozen.id }, { id: second.id }] })
  expect(digests(source)).toEqual(before)
}, 240_000)

test('a guest that was saved without its RAM is saved with it afterwards, where nobody can be asked for layers', async () => {
  const source = await start('source')
  await source.freeze()
  const ours = await source.fill('ours', 24)
  const file = join(folder, 'state')
  const saving = await prepareStateSaving(source.qmp, { socket: join(folder, 'state.sock'), withoutRam: false }, file)
  await source.qmp.execute('stop')
  await saving.save()
  await source.qmp.execute('cont')
  await saving.close()
  expect((await stat(file)).size).toBeGreaterThan(24 * mebibyte)
  const later = await start('later', { saved: { state: await readFile(file), layers: [] } })
  expect(await later.digest('ours')).toBe(ours)
  expect(await source.digest('ours')).toBe(ours)
}, 240_000)

/** What the balloon has taken from the guest is told by what is left to it. */
async function inflate(guest: RamGuest, toMiB: number): Promise<void> {
  await guest.qmp.execute('balloon', { value: toMiB * mebibyte })
  await until(`the balloon leaves ${toMiB} MiB`, async () => (await guest.qmp.execute('query-balloon')).actual === toMiB * mebibyte, 60_000)
}

/** Memory that is taken and let go of again is what the guest then reports as free. */
const churn = 'dd if=/dev/urandom of=/run/churn bs=1M count=40 2>/dev/null; rm /run/churn; echo 3 > /proc/sys/vm/drop_caches'

test('what one fork gives back, by balloon or as free pages, is its own affair', async () => {
  const source = await start('source')
  const ours = await source.fill('ours', 30)
  // Shared, its own file is punched, and what is punched is zero in the layer as in the guest.
  await inflate(source, 210)
  await source.shell(churn)
  expect(await source.digest('ours')).toBe(ours)
  await source.freeze()
  await source.shell('echo 1 > /run/step')
  const { state } = await source.freeze()
  const before = digests(source)
  const saved = { state, layers: [...source.layers] }
  const [hostile, quiet] = [await start('hostile', { saved }), await start('quiet', { saved })]

  const theirs = await hostile.fill('theirs', 10)
  await inflate(hostile, 200)
  await inflate(hostile, 256)
  await hostile.shell(churn)
  await hostile.shell('rm /run/ours; dd if=/dev/zero of=/run/zero bs=1M count=40 2>/dev/null; rm /run/zero')
  await inflate(hostile, 170)
  expect(await hostile.digest('theirs')).toBe(theirs)
  const { extents } = await hostile.freeze()
  expect(await hostile.digest('theirs')).toBe(theirs)
  expect(extents.some((kind, index) => index % 3 === 2 && kind === 2)).toBe(true)

  expect(digests(source)).toEqual(before)
  expect(await quiet.shell('md5sum < /run/ours; cat /run/step')).toBe(`${ours}\n1`)
  expect(await source.shell('md5sum < /run/ours; cat /run/step')).toBe(`${ours}\n1`)
  const last = hostile.layers.at(-1)
  expect(last && (await ramLayerExtents(hostile.socket, last.id))).toEqual(extents)
}, 240_000)

test('a guest is frozen again and again while it works, and each moment can be gone back to', async () => {
  const source = await start('source')
  const ours = await source.fill('ours', 30)
  await source.shell('(i=0; while true; do i=$((i+1)); echo $i > /run/counter.new; mv /run/counter.new /run/counter; done) > /dev/null 2>&1 &')
  const counts: number[] = []
  const moments = []
  for (let round = 0; round < 12; round++) {
    const { state } = await source.freeze()
    moments.push({ state, layers: [...source.layers] })
    counts.push(Number(await source.shell('cat /run/counter')))
  }
  expect(counts).toEqual(counts.toSorted((a, b) => a - b))
  expect(await source.digest('ours')).toBe(ours)
  for (const at of [4, 11]) {
    const saved = moments[at]
    if (saved === undefined) throw new Error('There are twelve moments.')
    const fork = await start(`moment${at}`, { saved })
    const [digest, counter] = (await fork.shell('md5sum < /run/ours; cat /run/counter')).split('\n')
    expect(digest).toBe(ours)
    expect(Number(counter)).toBeGreaterThanOrEqual(counts[at - 1] ?? 0)
    await fork.kill()
  }
}, 240_000)

test('under each accelerator that runs here, a frozen counter stands and the guest counts on', async () => {
  const installation = await findQemu()
  const bootSector = join(folder, 'counter.img')
  await writeFile(bootSector, meterDisk())
  const counterAt = 0x9000
  for (const accelerator of ['tcg', 'kvm'] as const) {
    if ((await measureAccelerator(installation, accelerator, accelerator === 'tcg' ? 'max' : 'host', 20_000)).outcome !== 'ran') continue
    const counter = async (guest: RamGuest): Promise<number> => Number((await guest.qmp.execute('human-monitor-command', { 'command-line': `xp /1wx ${counterAt}` })).split(': ').at(-1))
    const inLayer = (guest: RamGuest): number => {
      const bytes = Buffer.alloc(4)
      readSync(guest.layers.at(-1)?.descriptor ?? -1, bytes, 0, 4, counterAt)
      return bytes.readUInt32LE(0)
    }
    const source = await start(accelerator, { accelerator, bootSector, memoryMiB: 64 })
    await until('the guest counts', async () => (await counter(source)) > 1000, 60_000)
    const first = await source.freeze()
    const [frozen, before] = [inLayer(source), digests(source)]
    await until('the guest counts on', async () => (await counter(source)) !== frozen, 60_000)
    await source.freeze()
    expect(inLayer(source)).not.toBe(frozen)
    const fork = await start(`${accelerator}-fork`, { accelerator, bootSector, memoryMiB: 64, saved: { state: first.state, layers: source.layers.slice(0, 1) } })
    await until('the fork counts on', async () => (await counter(fork)) !== frozen, 60_000)
    expect(digests(source).slice(0, 1)).toEqual(before)
  }
})
