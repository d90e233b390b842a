import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { spawn } from 'node:child_process'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isMayflyError } from '../../contract/errors.ts'
import type { EngineClient } from '../../engine/engine-face.ts'
import { identifyProcess } from '../../engine/qemu/process/process-identity.ts'
import { type MachineFolderNames, machineFolderNames, machineRuntimeNames, machinesFolder, trashFolder } from '../../engine/storage/names.ts'
import { until } from '../conformance/until.ts'
import { refusal, TestHome } from './test-home.fixture.ts'

/** Machines without a system: their firmware finds nothing to boot and hears no power button. */
let home: TestHome
let client: EngineClient

beforeAll(async () => {
  home = await TestHome.make()
  client = await home.open()
}, 60_000)
afterAll(() => home.close())

const bare = { memoryMiB: 64, cpus: 1, diskMiB: 16 }
const namesOf = async (machine: string): Promise<MachineFolderNames> => machineFolderNames(join(machinesFolder(home.folders), (await client.machine.show({ machine })).id))

async function pidOf(machine: string): Promise<number> {
  const { pid } = await client.machine.show({ machine })
  if (pid === null) throw new Error(`${machine} has no process.`)
  return pid
}

async function reopen(meanwhile: () => Promise<void>): Promise<void> {
  await home.closeEngine()
  await meanwhile()
  client = await home.open()
}

test('who asked for a shutdown may leave: the time runs out all the same, and a later crash is a crash', async () => {
  await client.machine.create({ name: 'deaf', ...bare, start: true })
  const leaving = new AbortController()
  const left = refusal(client.machine.stop({ machine: 'deaf', timeoutSeconds: 1 }, { signal: leaving.signal }))
  await until(async () => (await client.machine.show({ machine: 'deaf' })).state === 'stopping', 'it was asked')
  leaving.abort()
  expect(await left).toBe('cancelled')
  await client.machine.wait({ machine: 'deaf', for: 'running' })
  expect((await client.machine.show({ machine: 'deaf' })).stateReason).toContain('asked to shut down')
  process.kill(await pidOf('deaf'), 'SIGKILL')
  await client.machine.wait({ machine: 'deaf', for: 'stopped' })
  expect((await client.machine.show({ machine: 'deaf' })).lastExit?.kind).toBe('crashed')
})

test('a QEMU that hangs is found out by the first command it does not answer, and still switched off', async () => {
  await client.machine.start({ machine: 'deaf' })
  process.kill(await pidOf('deaf'), 'SIGSTOP')
  // The engine may have asked for the state just before, and know already.
  expect(['timeout', 'conflict']).toContain(await refusal(client.machine.pause({ machine: 'deaf' })))
  expect(await client.machine.show({ machine: 'deaf' })).toMatchObject({ state: 'unknown', stateReason: expect.stringContaining('stands still') as string })
  expect([await refusal(client.machine.stop({ machine: 'deaf' })), (await client.machine.stop({ machine: 'deaf', force: true })).state]).toEqual(['conflict', 'stopped'])
})

test('a pid file that names somebody else by now, or nobody yet, is not believed', async () => {
  await client.machine.start({ machine: 'deaf' })
  const [names, pid] = [await namesOf('deaf'), await pidOf('deaf')]
  const { pidFile } = machineRuntimeNames(home.folders, (await client.machine.show({ machine: 'deaf' })).id)
  const forgetProcess = async (): Promise<void> => writeFile(names.run, JSON.stringify({ ...(JSON.parse(await readFile(names.run, 'utf8')) as object), process: null }))
  await reopen(forgetProcess)
  expect(await client.machine.show({ machine: 'deaf' })).toMatchObject({ state: 'running', pid })
  const stranger = spawn('sleep', ['600'], { stdio: 'ignore' })
  try {
    await reopen(async () => {
      await forgetProcess()
      process.kill(pid, 'SIGKILL')
      await until(() => identifyProcess(pid) === null, 'QEMU has ended')
      await writeFile(pidFile, `${stranger.pid ?? 0}\n`)
    })
    expect((await client.machine.show({ machine: 'deaf' })).state).toBe('crashed')
    await client.machine.stop({ machine: 'deaf', force: true })
    expect(identifyProcess(stranger.pid ?? 0)).not.toBeNull()
  } finally {
    stranger.kill('SIGKILL')
  }
  // An engine that died before there was any process.
  const run = JSON.stringify({ format: 'mayfly-run', version: 1, bootId: (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim(), process: null, startedAt: new Date().toISOString(), startedAtBootSeconds: 1, accelerator: 'tcg', qemuVersion: '0', config: (await client.machine.show({ machine: 'deaf' })).config })
  await reopen(() => writeFile(names.run, run))
  const unfinished = await client.machine.show({ machine: 'deaf' })
  expect([unfinished.state, unfinished.lastExit?.kind]).toEqual(['stopped', 'launch-failed'])
})

test('a machine whose files were torn while it ran is not put away running', async () => {
  await client.machine.start({ machine: 'deaf' })
  const [names, pid] = [await namesOf('deaf'), await pidOf('deaf')]
  const { id } = await client.machine.show({ machine: 'deaf' })
  const whole = await readFile(names.machine, 'utf8')
  await reopen(() => writeFile(names.machine, whole.slice(0, 40)))
  expect((await client.machine.show({ machine: id })).state).toBe('broken')
  expect([await refusal(client.machine.delete({ machine: id })), identifyProcess(pid) === null]).toEqual(['conflict', false])
  await writeFile(names.machine, whole)
  expect(await client.machine.show({ machine: id })).toMatchObject({ name: 'deaf', state: 'running', pid })
  await reopen(() => writeFile(names.machine, whole.slice(0, 40)))
  await client.machine.delete({ machine: id, force: true })
  expect([identifyProcess(pid), await readdir(home.folders.runtime)]).toEqual([null, []])
  await client.trash.empty({})
})

test('a TPM whose QEMU never came does not stay, nor hinders the next start', async () => {
  await client.machine.create({ name: 'sealed', ...bare, tpm: true })
  const names = await namesOf('sealed')
  const [layer] = await readdir(join(names.disks, 'disk0'))
  const path = join(names.disks, 'disk0', layer ?? '')
  const sound = await readFile(path)
  await writeFile(path, 'this is no disk image')
  expect(await refusal(client.machine.start({ machine: 'sealed' }))).toBe('qemu-launch-failed')
  expect(await home.processes()).toEqual([])
  await writeFile(path, sound)
  expect((await client.machine.start({ machine: 'sealed' })).state).toBe('running')
  process.kill(await pidOf('sealed'), 'SIGKILL')
  await client.machine.wait({ machine: 'sealed', for: 'stopped' })
  expect(await home.processes()).toEqual([])
})

test('taking back a disk that was to come removes it, and only it', async () => {
  await client.machine.create({ name: 'plans', ...bare, start: true })
  await client.job.wait({ job: (await client.disk.add({ machine: 'plans', sizeMiB: 8 })).id })
  await client.job.wait({ job: (await client.disk.add({ machine: 'plans', sizeMiB: 9 })).id })
  await client.nic.remove({ machine: 'plans', nic: 'nic0' })
  const dropped = await client.machine.dropPending({ machine: 'plans', fields: ['disks.disk1'] })
  expect([dropped.config?.disks.map(({ id }) => id), dropped.pending.map(({ field }) => field)]).toEqual([['disk0', 'disk2'], ['disks.disk2', 'nics.nic0']])
  const none = await client.machine.dropPending({ machine: 'plans' })
  const names = await namesOf('plans')
  const record = JSON.parse(await readFile(names.layers, 'utf8')) as { disks: object }
  expect([none.pending, none.config?.nics.length, await readdir(names.disks), Object.keys(record.disks)]).toEqual([[], 1, ['disk0'], ['disk0']])
  await client.machine.stop({ machine: 'plans', force: true })
})

test('more devices than a machine can have are refused in words', async () => {
  for (let count = 1; count < 8; count++) await client.nic.add({ machine: 'plans' })
  expect(await refusal(client.nic.add({ machine: 'plans' }))).toBe('invalid-input')
  expect((await client.machine.show({ machine: 'plans' })).config?.nics).toHaveLength(8)
})

test('more memory than the host has is refused before anything starts', async () => {
  await client.machine.create({ name: 'huge', ...bare, memoryMiB: Math.ceil(totalmem() / (1024 * 1024)) + 1024 })
  expect(await refusal(client.machine.start({ machine: 'huge' }))).toBe('host-unavailable')
  expect((await client.machine.show({ machine: 'huge' })).state).toBe('stopped')
})

test('a name goes to one of two that want it', async () => {
  const outcomes = await Promise.all(['huge', 'plans'].map((machine) => refusal(client.machine.rename({ machine, name: 'wanted' }))))
  expect(outcomes.filter((outcome) => outcome === 'conflict')).toHaveLength(1)
  expect((await client.machine.list({})).filter(({ name }) => name === 'wanted')).toHaveLength(1)
})

test('a command in a hint names a machine as people do, as one word of a shell, and by its id where that is not plain', async () => {
  const hint = async (machine: string): Promise<string> => client.checkpoint.show({ machine, checkpoint: 'none' }).then(() => '', (error: unknown) => (isMayflyError(error) ? (error.next ?? '') : String(error)))
  const [plain, quoted, dashed, twin] = await Promise.all(['plain', "it's mine", '-rf', 'twin'].map(async (name) => (await client.machine.create({ name, ...bare })).id))
  expect([await hint('plain'), await hint("it's mine"), await hint('-rf')]).toEqual(['plain', String.raw`'it'\''s mine'`, dashed].map((word) => `mayfly checkpoint list ${word} shows them all.`))
  const { machine: file } = await namesOf('twin')
  await reopen(async () => writeFile(file, (await readFile(file, 'utf8')).replace('"twin"', '"plain"')))
  expect([await hint(plain ?? ''), await hint(twin ?? '')]).toEqual([plain, twin].map((word) => `mayfly checkpoint list ${word} shows them all.`))
  for (const machine of [plain, quoted, dashed, twin]) await client.machine.delete({ machine: machine ?? '' })
})

test('who waits for a machine that is deleted is told', async () => {
  await client.machine.create({ name: 'awaited', ...bare })
  const waiting = refusal(client.machine.wait({ machine: 'awaited', for: 'running' }))
  await client.machine.delete({ machine: 'awaited' })
  expect(await waiting).toBe('not-found')
})

test('a machine is not restored over one that is there', async () => {
  const { id, folder } = await client.machine.show({ machine: 'wanted' })
  await cp(folder, join(trashFolder(home.folders), `${id}.1`), { recursive: true })
  await client.machine.rename({ machine: id, name: 'kept' })
  expect(await refusal(client.trash.restore({ machine: id }))).toBe('conflict')
  expect((await client.trash.empty({})).map((entry) => entry.name)).toEqual(expect.arrayContaining(['wanted']))
  expect(await readdir(trashFolder(home.folders))).toEqual([])
})

test('the clone of a disk whose space is reserved takes what is in it', async () => {
  await client.machine.create({ name: 'reserved', ...bare, diskMiB: 64, preallocation: 'falloc' })
  const job = await client.job.wait({ job: (await client.machine.clone({ machine: 'reserved', name: 'thin' })).id })
  const [reserved, thin] = [await client.machine.show({ machine: 'reserved' }), await client.machine.show({ machine: 'thin' })]
  expect([job.state, (reserved.disks[0]?.allocatedBytes ?? 0) > 60 * 1024 * 1024, (thin.disks[0]?.allocatedBytes ?? 0) < 8 * 1024 * 1024]).toEqual(['done', true, true])
  expect((await client.machine.start({ machine: 'thin' })).state).toBe('running')
  await client.machine.stop({ machine: 'thin', force: true })
  expect(home.bugs).toEqual([])
})
