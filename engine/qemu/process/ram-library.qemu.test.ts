/** RAM as a pile of frozen layers, in real guests that say themselves what is in their memory. */
import { closeSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { digestOf, RamGuest, removeFolder } from './ram-guest.fixture.ts'
import { describeRam } from './ram-library.ts'

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

/** Every layer of a pile, bit for bit. */
function digests(guest: RamGuest): string[] {
  return guest.layers.map(({ descriptor }) => digestOf(descriptor, guest.memoryMiB * mebibyte))
}

test('a guest goes on after its RAM was frozen in place, and its forks diverge from the same layer', async () => {
  const source = await start('source')
  expect(await describeRam(source.socket)).toEqual({ mode: 'shared', ramBytes: 256 * mebibyte, layers: [] })
  const ours = await source.fill('ours', 60)

  const frozen = await source.freeze()
  expect(frozen).toMatchObject({ inPlace: true, copiedBytes: 0 })
  const before = digests(source)
  expect(await source.digest('ours')).toBe(ours)
  await source.fill('later', 20)
  expect(await describeRam(source.socket)).toMatchObject({ mode: 'private', layers: [{ id: frozen.id, extentCount: 1 }] })

  const saved = { state: frozen.state, layers: [...source.layers] }
  const [left, right] = [await start('left', { saved }), await start('right', { saved })]
  expect(await Promise.all([left, right].map((fork) => fork.shell('md5sum < /run/ours; ls /run/later 2>&1 || true')))).toEqual([left, right].map(() => `${ours}\nls: /run/later: No such file or directory`))
  await Promise.all([left.fill('ours', 60), right.shell('echo right > /run/who')])
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
})
