import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { findQemu } from '../../engine/qemu/capabilities/find-qemu.ts'
import { checkQcow2 } from '../../engine/qemu/img/check-qcow2.ts'
import { until } from '../conformance/until.ts'
import { TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient

beforeAll(async () => {
  ;({ home, client } = await TestHome.withTiny())
}, 300_000)
afterAll(() => home.close())

const layersOf = async (machine: string): Promise<{ chain: string[]; shared: string[]; folder: string }> => {
  const { folder } = await client.machine.show({ machine })
  const { disks } = JSON.parse(await readFile(join(folder, 'disks.json'), 'utf8')) as { disks: { disk0: string[] } }
  const files = await readdir(join(folder, 'disks', 'disk0'))
  const shared = (await Promise.all(files.map(async (file) => ((await stat(join(folder, 'disks', 'disk0', file))).nlink > 1 ? [file] : [])))).flat()
  return { chain: disks.disk0, shared, folder: join(folder, 'disks', 'disk0') }
}
const promote = async (machine: string) => client.job.wait({ job: (await client.machine.promote({ machine })).id })

test('a fork that runs becomes independent while it runs; its own checkpoint too', async () => {
  await home.bootTiny(client, 'parent')
  await home.sh(client, 'parent', 'echo parent > /data/file; dd if=/dev/urandom of=/data/big bs=1M count=8 2>/dev/null; md5sum /data/big > /data/sum; sync')
  await client.machine.fork({ machine: 'parent', name: 'fork' })
  await client.job.wait({ job: (await client.checkpoint.take({ machine: 'fork', label: 'early', what: 'disks' })).id })
  await home.sh(client, 'fork', 'echo fork > /data/file; sync')
  expect((await layersOf('fork')).shared.length).toBeGreaterThan(0)
  expect(await promote('fork')).toMatchObject({ state: 'done' })
  const { chain, shared } = await layersOf('fork')
  expect([chain.length, shared]).toEqual([1, []])
  expect((await client.machine.show({ machine: 'fork' })).origin).toBeNull()
  expect(await home.sh(client, 'fork', 'cat /data/file; echo 3 > /proc/sys/vm/drop_caches; md5sum -c -s /data/sum && echo right')).toBe('fork\nright\n')
  await client.machine.delete({ machine: 'parent', force: true })
  await client.trash.empty({})
  await client.machine.stop({ machine: 'fork' })
  const installation = await findQemu()
  const { folder } = await layersOf('fork')
  for (const file of await readdir(folder)) expect(await checkQcow2(installation, join(folder, file))).toMatchObject({ corruptions: 0, leaks: 0 })
  await client.job.wait({ job: (await client.checkpoint.restore({ machine: 'fork', checkpoint: 'early' })).id })
  await client.machine.start({ machine: 'fork' })
  await home.ready(client, 'fork')
  expect(await home.sh(client, 'fork', 'cat /data/file; md5sum -c -s /data/sum && echo right')).toBe('parent\nright\n')
})

test('one that is off becomes independent as well', async () => {
  await client.machine.stop({ machine: 'fork' })
  await client.machine.fork({ machine: 'fork', name: 'cold', begin: 'pause' })
  await client.machine.stop({ machine: 'cold', force: true })
  expect(await promote('cold')).toMatchObject({ state: 'done' })
  expect((await layersOf('cold')).chain).toHaveLength(1)
  await client.machine.start({ machine: 'cold' })
  await home.ready(client, 'cold')
  expect(await home.sh(client, 'cold', 'cat /data/file; md5sum -c -s /data/sum && echo right')).toBe('parent\nright\n')
})

test('a machine with UEFI and a TPM is forked with both', async () => {
  await client.machine.create({ name: 'firm', image: 'tiny', memoryMiB: 256, cpus: 1, firmware: 'uefi', tpm: true, start: true })
  await client.machine.wait({ machine: 'firm', for: 'serial:MAYFLY READY', timeoutMs: 110_000 })
  await client.machine.wait({ machine: 'firm', for: 'agent', timeoutMs: 60_000 })
  await home.sh(client, 'firm', 'echo firm > /run/memory')
  const { forks, notes } = await client.machine.fork({ machine: 'firm', count: 2, throwaway: true })
  expect(notes.join(' ')).toContain('TPM')
  for (const { machine } of forks) expect(await home.sh(client, machine.id, 'cat /run/memory')).toBe('firm\n')
  const { folder } = await client.machine.show({ machine: forks[0]?.machine.id ?? '' })
  expect(await readdir(folder)).toEqual(expect.arrayContaining(['nvram.qcow2', 'tpm']))
  for (const { machine } of forks) await client.machine.stop({ machine: machine.id, force: true })
  await until(async () => (await client.machine.list({})).every(({ throwaway }) => !throwaway), 'the forks are gone')
})

test('a QEMU that is killed right after a promotion takes nothing of the disk along', async () => {
  await client.machine.create({ name: 'short-lived', image: 'tiny', memoryMiB: 128, cpus: 1, diskMiB: 48, start: true })
  await home.ready(client, 'short-lived')
  await home.sh(client, 'short-lived', 'dd if=/dev/urandom of=/data/big bs=1M count=4 2>/dev/null; md5sum /data/big > /data/sum; sync')
  await client.job.wait({ job: (await client.checkpoint.take({ machine: 'short-lived', label: 'early', what: 'disks' })).id })
  expect(await promote('short-lived')).toMatchObject({ state: 'done' })
  const { pid } = await client.machine.show({ machine: 'short-lived' })
  process.kill(pid ?? 0, 'SIGKILL')
  await until(async () => (await client.machine.show({ machine: 'short-lived' })).state === 'crashed', 'the crash is seen')
  await client.machine.start({ machine: 'short-lived' })
  await home.ready(client, 'short-lived')
  expect(await home.sh(client, 'short-lived', 'md5sum -c -s /data/sum && echo right')).toBe('right\n')
  await client.machine.stop({ machine: 'short-lived', force: true })
})
