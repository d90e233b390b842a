import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { machinesFolder } from '../../engine/storage/names.ts'
import { until } from '../conformance/until.ts'
import { refusal, TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient

beforeAll(async () => {
  ;({ home, client } = await TestHome.withTiny())
  await home.bootTiny(client, 'parent', { forwards: [{ protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 40_022, guestPort: 22 }] })
  await home.sh(client, 'parent', startCounter)
}, 300_000)
afterAll(() => home.close())

/** A counter in the memory of a process, told when asked for by a signal; and a checksum over memory that was written before. */
const startCounter = `mkdir -p /run; dd if=/dev/urandom of=/run/random bs=1M count=20 2>/dev/null; md5sum /run/random > /run/sum
(n=0; trap 'echo $n > /run/count' USR1; while true; do n=$((n + 1)); usleep 20000; done) > /dev/null 2>&1 & echo $! > /run/counter`
const readCounter = 'rm -f /run/count; kill -USR1 $(cat /run/counter); while [ ! -s /run/count ]; do usleep 10000; done; cat /run/count'
const count = async (machine: string): Promise<number> => Number(await home.sh(client, machine, readCounter))

/** A few at a time: all at once would only wait for each other. */
async function inTurns<T>(names: readonly string[], ask: (name: string) => Promise<T>): Promise<T[]> {
  const answers: T[] = []
  for (let at = 0; at < names.length; at += 5) answers.push(...(await Promise.all(names.slice(at, at + 5).map(ask))))
  return answers
}

test('a fork goes on where its parent is; each then writes its own memory and disk', async () => {
  await home.sh(client, 'parent', 'echo before > /data/disk; sync; echo secret > /run/memory')
  const before = await count('parent')
  const { forks, pauseMs, notes } = await client.machine.fork({ machine: 'parent' })
  expect(forks[0]?.machine).toMatchObject({ name: 'parent-fork-1', state: 'running', origin: { machineName: 'parent', checkpoint: null }, throwaway: false })
  expect(pauseMs).toBeGreaterThan(0)
  expect(notes.join(' ')).toContain('dead')
  expect(await home.sh(client, 'parent-fork-1', 'cat /data/disk /run/memory; md5sum -c -s /run/sum && echo right')).toBe('before\nsecret\nright\n')
  expect(await count('parent-fork-1')).toBeGreaterThan(before)
  await home.sh(client, 'parent-fork-1', 'echo fork > /data/disk; sync; echo fork > /run/memory; dd if=/dev/urandom of=/run/random bs=1M count=20 2>/dev/null')
  await home.sh(client, 'parent', 'echo parent > /data/disk; sync')
  expect(await home.sh(client, 'parent', 'cat /data/disk /run/memory; md5sum -c -s /run/sum && echo right')).toBe('parent\nsecret\nright\n')
  expect(await home.sh(client, 'parent-fork-1', 'cat /data/disk /run/memory')).toBe('fork\nfork\n')
  expect(await count('parent')).toBeGreaterThan(before)
  // A counter starts a process every moment: in the fifty forks that follow they would have the whole processor.
  for (const machine of ['parent', 'parent-fork-1']) await home.sh(client, machine, 'kill $(cat /run/counter)')
})

test('a fork has other ports, the same cards, and another generation', async () => {
  const [parent, fork] = [await client.machine.show({ machine: 'parent' }), await client.machine.show({ machine: 'parent-fork-1' })]
  expect(parent.forwards.map(({ hostPort }) => hostPort)).toEqual([40_022])
  expect(fork.forwards).toHaveLength(1)
  expect(fork.forwards[0]?.hostPort).not.toBe(40_022)
  expect(fork.hardware).toEqual(parent.hardware)
  expect(fork.disks[0]?.sharedBytes).toBeGreaterThan(0)
})

test('a fork of a fork, several at once, by a pattern, standing still', async () => {
  const { forks } = await client.machine.fork({ machine: 'parent-fork-1', count: 3, name: 'child {n}', begin: 'pause' })
  expect(forks.map(({ machine }) => [machine.name, machine.state, machine.pausedBy])).toEqual([1, 2, 3].map((n) => [`child ${n}`, 'paused', 'user']))
  await client.machine.resume({ machine: 'child 2' })
  expect(await home.sh(client, 'child 2', 'cat /data/disk /run/memory')).toBe('fork\nfork\n')
  expect(await refusal(client.machine.fork({ machine: 'parent', name: 'child 2' }))).toBe('conflict')
})

test('fifty at once all run when they are told of, and none sees what another writes', async () => {
  const { forks } = await client.machine.fork({ machine: 'parent', count: 50, name: 'one of {n}', throwaway: true })
  expect(forks.map(({ machine }) => machine.state)).toEqual(forks.map(() => 'running'))
  const names = forks.map(({ machine }) => machine.name)
  expect(new Set(names).size).toBe(50)
  // A page of the block of memory they all share is another in each; the rest of it is as it was.
  const page = (name: string): number => names.indexOf(name) * 7
  const write = (name: string): string => `echo '${name}' > /data/disk; sync; echo '${name}' > /run/memory; dd if=/run/random of=/run/page bs=4096 skip=${page(name)} count=1 2> /dev/null; echo '${name}' | dd of=/run/random bs=4096 seek=${page(name)} conv=notrunc 2> /dev/null`
  const read = (name: string): string => `echo 3 > /proc/sys/vm/drop_caches; cat /data/disk /run/memory; dd if=/run/random bs=4096 skip=${page(name)} count=1 2> /dev/null | head -n 1; dd if=/run/page of=/run/random bs=4096 seek=${page(name)} conv=notrunc 2> /dev/null; md5sum -c -s /run/sum && echo right`
  expect(await inTurns(names, (name) => home.sh(client, name, write(name)))).toEqual(names.map(() => ''))
  expect(await inTurns(names, (name) => home.sh(client, name, read(name)))).toEqual(names.map((name) => `${name}\n${name}\n${name}\nright\n`))
  expect(await home.sh(client, 'parent', 'echo 3 > /proc/sys/vm/drop_caches; cat /data/disk /run/memory; md5sum -c -s /run/sum && echo right')).toBe('parent\nsecret\nright\n')
  await inTurns(names, (name) => client.machine.stop({ machine: name, force: true }))
  await until(async () => (await client.machine.list({})).every(({ name }) => !names.includes(name)), 'throwaways are gone', 60_000)
}, 400_000)

test('forks outlive their parents, and can be started again from their disks', async () => {
  await client.machine.delete({ machine: 'parent-fork-1', force: true })
  await client.trash.empty({})
  expect(await home.sh(client, 'child 2', 'cat /data/disk; sync')).toBe('fork\n')
  await client.machine.stop({ machine: 'child 2', force: true })
  await client.machine.start({ machine: 'child 2' })
  await home.ready(client, 'child 2')
  expect(await home.sh(client, 'child 2', 'cat /data/disk')).toBe('fork\n')
  for (const name of ['child 1', 'child 2', 'child 3']) await client.machine.delete({ machine: name, force: true })
})

test('a machine that stands still is forked as it is, and still stands', async () => {
  await client.machine.pause({ machine: 'parent' })
  const { forks, pauseMs } = await client.machine.fork({ machine: 'parent', name: 'still', throwaway: true })
  expect([(await client.machine.show({ machine: 'parent' })).state, forks[0]?.machine.state, pauseMs]).toEqual(['paused', 'running', 0])
  expect(await home.sh(client, 'still', 'cat /data/disk')).toBe('parent\n')
  // QEMU saves a second time from the same standstill.
  await client.machine.fork({ machine: 'parent', name: 'still again', throwaway: true })
  await client.machine.resume({ machine: 'parent' })
  expect(await home.sh(client, 'parent', 'md5sum -c -s /run/sum && echo right')).toBe('right\n')
  for (const machine of ['still', 'still again']) await client.machine.stop({ machine, force: true })
})

test('a checkpoint is forked with its RAM while the machine goes on; the clock is right', async () => {
  await home.sh(client, 'parent', 'echo saved > /run/memory; echo saved > /data/disk; sync')
  const job = await client.job.wait({ job: (await client.checkpoint.take({ machine: 'parent', label: 'point', what: 'ram' })).id })
  expect(job).toMatchObject({ state: 'done' })
  await home.sh(client, 'parent', 'echo later > /run/memory; echo later > /data/disk; sync')
  const { forks } = await client.machine.fork({ machine: 'parent', checkpoint: 'point', name: 'from point' })
  expect(forks[0]?.machine.origin).toMatchObject({ machineName: 'parent', checkpointLabel: 'point' })
  expect(await home.sh(client, 'from point', 'cat /data/disk /run/memory; md5sum -c -s /run/sum && echo right')).toBe('saved\nsaved\nright\n')
  await expect.poll(async () => Math.abs(Number(await home.sh(client, 'from point', 'date +%s')) - Date.now() / 1000) < 3, { timeout: 20_000 }).toBe(true)
  await client.machine.delete({ machine: 'from point', force: true })
})

test('a machine that is off gives its disks; the fork boots as another machine', async () => {
  await client.machine.stop({ machine: 'parent' })
  const { forks } = await client.machine.fork({ machine: 'parent', name: 'cold' })
  await home.ready(client, 'cold')
  expect(await home.sh(client, 'cold', 'cat /data/disk')).toBe('later\n')
  const [parent, cold] = [await client.machine.show({ machine: 'parent' }), await client.machine.show({ machine: 'cold' })]
  expect(cold.hardware?.macs).not.toEqual(parent.hardware?.macs)
  expect([forks[0]?.machine.origin?.machineName, parent.state]).toEqual(['parent', 'stopped'])
  await client.machine.delete({ machine: 'cold', force: true })
  await client.machine.start({ machine: 'parent' })
  await home.ready(client, 'parent')
  expect(await home.sh(client, 'parent', 'cat /data/disk')).toBe('later\n')
})

test('a machine that was forked often stands on few layers, and is what it was', async () => {
  const { folder } = await client.machine.show({ machine: 'parent' })
  const depth = async (): Promise<number> => (JSON.parse(await readFile(join(folder, 'disks.json'), 'utf8')) as { disks: { disk0: string[] } }).disks.disk0.length
  for (let round = 0; round < 18; round++) {
    const { forks } = await client.machine.fork({ machine: 'parent', begin: 'pause', throwaway: true })
    await home.sh(client, 'parent', `echo ${round} >> /data/rounds; sync`)
    await client.machine.stop({ machine: forks[0]?.machine.id ?? '', force: true })
  }
  await expect.poll(depth, { timeout: 60_000 }).toBeLessThanOrEqual(16)
  expect(await home.sh(client, 'parent', 'echo 3 > /proc/sys/vm/drop_caches; wc -l < /data/rounds')).toBe('18\n')
})

test('nothing is left of forks that are gone', async () => {
  await client.trash.empty({})
  const { id } = await client.machine.show({ machine: 'parent' })
  await until(async () => (await readdir(machinesFolder(home.folders))).join() === id, 'only the parent has a folder')
  expect((await readdir(home.folders.runtime)).filter((name) => !name.startsWith('engine.'))).toEqual([id])
})
