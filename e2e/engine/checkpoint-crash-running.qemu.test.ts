/** The engine, or QEMU, is killed at every step while the machine runs: the guest is unharmed or its disks are, nothing is lost, nothing is left over. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readStateFile, writeStateFile } from '../../engine/checkpoint/state-file.ts'
import { identifyProcess, isHalted } from '../../engine/qemu/process/process-identity.ts'
import { checkpointFolderNames } from '../../engine/storage/names.ts'
import { until } from '../conformance/until.ts'
import { CrashStage } from './checkpoint-crash.fixture.ts'
import { folderOf } from './checkpoint-model.fixture.ts'
import { refusal } from './test-home.fixture.ts'

const run = promisify(execFile)

let stage: CrashStage
let number = 0

beforeAll(async () => {
  stage = await CrashStage.open()
  await stage.home.buildTiny(stage.client)
  await boot()
}, 300_000)
afterAll(() => stage.home.close())

const machine = 'alpha'

async function boot(): Promise<void> {
  const machines = await stage.client.machine.list({})
  if (machines.length === 0) await stage.client.machine.create({ name: machine, image: 'tiny', memoryMiB: 192, cpus: 1 })
  const { state } = await stage.client.machine.show({ machine })
  if (state !== 'running') {
    await stage.client.machine.start({ machine })
    await stage.home.ready(stage.client, machine)
  }
}

const sh = (line: string): Promise<string> => stage.home.sh(stage.client, machine, line)
const mark = (word: string): Promise<string> => sh(`mkdir -p /run; echo ${word} > /run/mark; echo ${word} > /data/mark; sync`)
const marks = async (): Promise<string[]> => (await sh('cat /run/mark /data/mark')).trim().split('\n')

async function labels(): Promise<string[]> {
  const { checkpoints } = await stage.client.checkpoint.list({ machine })
  expect(checkpoints.filter(({ broken }) => broken !== null)).toEqual([])
  return checkpoints.map(({ label }) => label)
}

/** Every file of layers and RAM is named, and every one that is named is there. */
async function nothingLeftOver(): Promise<void> {
  const names = await folderOf(stage.home, stage.client, machine)
  const points = [JSON.parse(await readFile(names.layers, 'utf8')) as { disks: Record<string, string[]> }]
  const ram: string[] = []
  for (const id of await readdir(names.checkpoints).catch(() => [])) {
    expect(id.startsWith('.')).toBe(false)
    const record = JSON.parse(await readFile(join(names.checkpoints, id, 'checkpoint.json'), 'utf8')) as { disks: Record<string, string[]>; ram: { layers: string[] } | null }
    points.push(record)
    ram.push(...(record.ram?.layers ?? []))
  }
  const named = new Set(points.flatMap(({ disks }) => disks['disk0'] ?? []))
  expect((await readdir(join(names.disks, 'disk0'))).sort()).toEqual([...named].sort())
  const ramFiles = await readdir(names.ram).catch(() => [])
  expect(new Set(ramFiles)).toEqual(new Set(ram.flatMap((id) => [`${id}.index`, `${id}.ram`])))
  expect(existsSync(names.journal)).toBe(false)
}

/** What a running QEMU writes to counts its references lazily. */
async function soundDisks(): Promise<void> {
  const names = await folderOf(stage.home, stage.client, machine)
  const folder = join(names.disks, 'disk0')
  const { disks } = JSON.parse(await readFile(names.layers, 'utf8')) as { disks: Record<string, string[]> }
  const { state } = await stage.client.machine.show({ machine })
  const written = state === 'running' ? disks['disk0']?.at(-1) : undefined
  for (const file of await readdir(folder)) if (file !== written) await run('qemu-img', ['check', '-U', '-f', 'qcow2', join(folder, file)])
}

test.each([
  ['disks', 'take:preparing'], ['disks', 'freeze.stop'], ['disks', 'freeze.transaction'], ['disks', 'freeze.frozen'], ['disks', 'take:recording'],
  ['ram', 'freeze.stop'], ['ram', 'freeze.transaction'], ['ram', 'freeze.frozen'], ['ram', 'take:recording'], ['ram', 'take.recorded'],
] as const)('a checkpoint (%s) of a running machine, the engine killed at %s', async (what, step) => {
  await boot()
  const word = `w${number++}`
  await mark(word)
  const label = `${what} ${step}`
  expect(await stage.killedAt(step, (client) => stage.done(client.checkpoint.take({ machine, label, what }), client))).toBe(true)
  expect((await stage.client.machine.show({ machine })).state).toBe('running')
  expect(await marks()).toEqual([word, word])
  expect((await labels()).includes(label)).toBe(step.startsWith('take') && step !== 'take:preparing')
  await nothingLeftOver()
  await mark(`${word} later`)
  await stage.done(stage.client.checkpoint.take({ machine, label: `${label} again`, what }))
  await nothingLeftOver()
})

test('what was under way when an engine was killed is settled when a silent QEMU answers again, and a pause of its owner stays', async () => {
  await boot()
  await mark('silent')
  const { pid } = await stage.client.machine.show({ machine })
  if (pid === null) throw new Error('It does not run.')
  await stage.killedWhileHalted('freeze.transaction', (client) => stage.done(client.checkpoint.take({ machine, label: 'silent', what: 'ram' }), client), async () => {
    process.kill(pid, 'SIGSTOP')
    return Promise.resolve()
  })
  const { journal } = await folderOf(stage.home, stage.client, machine)
  try {
    expect((await stage.client.machine.show({ machine })).state).toBe('unknown')
    // What its guest has is not known, so nothing is undone.
    expect(await refusal(stage.client.checkpoint.take({ machine, label: 'silent', what: 'disks' }))).toBe('conflict')
    expect(existsSync(journal)).toBe(true)
  } finally {
    process.kill(pid, 'SIGCONT')
  }
  await until(async () => (await stage.client.machine.show({ machine })).state === 'running' && !existsSync(journal), 'the guest goes on', 60_000)
  expect(await marks()).toEqual(['silent', 'silent'])
  expect(await labels()).not.toContain('silent')
  await until(() => nothingLeftOver().then(() => true, () => false), 'nothing is left over', 30_000)
  await stage.client.machine.pause({ machine })
  await stage.killedAtRest()
  expect((await stage.client.machine.show({ machine })).state).toBe('paused')
  await stage.client.machine.resume({ machine })
})

test('a guest that stood still for a checkpoint goes on although nobody starts an engine', async () => {
  await boot()
  const names = await folderOf(stage.home, stage.client, machine)
  const { serialLog } = names
  await sh('(while [ ! -e /run/enough ]; do echo BEAT > /dev/ttyS0; usleep 100000; done) > /dev/null 2>&1 < /dev/null &')
  const beats = async (): Promise<number> => (await readFile(serialLog, 'utf8')).split('BEAT').length
  await stage.diedAt('freeze.transaction', (client) => stage.done(client.checkpoint.take({ machine, label: 'nobody', what: 'ram' }), client))
  const before = await beats()
  await until(async () => (await beats()) > before, 'its heart beats', 60_000)
  await until(() => !existsSync(names.journal), 'the checkpoint is undone', 60_000)
  await stage.reopen()
  await sh('touch /run/enough')
  expect(await labels()).not.toContain('nobody')
})

test('a guest that its owner had paused stays so, and can be saved, after an engine was killed that saved it', async () => {
  await boot()
  await mark('paused')
  await stage.client.machine.pause({ machine })
  expect(await stage.killedAt('freeze.transaction', (client) => stage.done(client.checkpoint.take({ machine, label: 'paused', what: 'ram' }), client))).toBe(true)
  expect((await stage.client.machine.show({ machine })).state).toBe('paused')
  await stage.done(stage.client.checkpoint.take({ machine, label: 'paused', what: 'ram' }))
  expect((await stage.client.machine.show({ machine })).state).toBe('paused')
  await stage.client.machine.resume({ machine })
  expect(await marks()).toEqual(['paused', 'paused'])
})

test.each(['freeze.stop', 'freeze.transaction'])('a QEMU that stands still in the middle of a save is switched off by force, at %s', async (step) => {
  await boot()
  await mark(step)
  const { run: runFile } = await folderOf(stage.home, stage.client, machine)
  let forced: Promise<{ state: string }> | undefined
  expect(await stage.haltedAt(step, async (client) => {
    const [taken] = await Promise.allSettled([stage.done(client.checkpoint.take({ machine, label: step, what: 'ram' }), client)])
    expect((await forced)?.state).toBe('stopped')
    if (taken.status === 'rejected') throw taken.reason
  }, async () => {
    const { process: qemu } = JSON.parse(await readFile(runFile, 'utf8')) as { process: { pid: number } }
    process.kill(qemu.pid, 'SIGSTOP')
    forced = stage.client.machine.stop({ machine, force: true })
  })).toBe(false)
  expect(await stage.client.machine.show({ machine })).toMatchObject({ state: 'stopped', lastExit: { kind: 'asked' } })
  expect(await labels()).not.toContain(step)
  await nothingLeftOver()
  await boot()
  expect((await sh('cat /data/mark')).trim()).toBe(step)
  await soundDisks()
})

test('a guest that its owner paused while its checkpoint was written is not woken by the next engine', async () => {
  await boot()
  stage.home.env['MAYFLY_HALT_AT'] = 'freeze.stop'
  expect(await stage.killedAt('take.written', async (client) => {
    const engine = identifyProcess((await client.engine.info({})).pid)
    if (engine === null) throw new Error('The engine is not there.')
    delete stage.home.env['MAYFLY_HALT_AT']
    const { id } = await client.checkpoint.take({ machine, label: 'woken', what: 'ram' })
    await until(() => isHalted(engine), 'the engine stands still', 30_000)
    // It waits for the freeze, and comes before what was frozen is put on record.
    const paused = client.machine.pause({ machine })
    process.kill(engine.pid, 'SIGCONT')
    await paused
    const job = await client.job.wait({ job: id })
    if (job.error !== null) throw new Error(job.error.message)
  })).toBe(true)
  expect((await stage.client.machine.show({ machine })).state).toBe('paused')
  expect(await labels()).not.toContain('woken')
  await stage.client.machine.resume({ machine })
})

test.each(['merge:merging', 'merge.committed', 'merge:merged', 'merge.checkpoints', 'merge.layers'])('layers are merged under a running guest, the engine killed at %s', async (step) => {
  await boot()
  for (const label of ['m1', 'm2', 'm3']) {
    await mark(label)
    await stage.done(stage.client.checkpoint.take({ machine, label, what: 'disks', freezeFileSystems: 'no' }))
  }
  expect(await stage.killedAt(step, (client) => stage.done(client.checkpoint.delete({ machine, checkpoint: 'm1' }), client).then(() => stage.done(client.checkpoint.delete({ machine, checkpoint: 'm2' }), client)))).toBe(true)
  expect(await marks()).toEqual(['m3', 'm3'])
  for (const label of (await labels()).filter((found) => found.startsWith('m'))) await stage.done(stage.client.checkpoint.delete({ machine, checkpoint: label }))
  await nothingLeftOver()
  await mark('after')
  expect(await marks()).toEqual(['after', 'after'])
  await soundDisks()
})

const ranOn: readonly string[] = ['restore.recorded', 'restore:loaded', 'restore.running']

test.each(['restore:preparing', 'restore.ended', 'restore:switching', 'restore.belongings', 'restore.hardware', 'restore.config', 'restore.layers', 'restore:starting', 'restore.recorded', 'restore:loaded', 'restore.running'])('a running machine is taken back with its RAM, the engine killed at %s', async (step) => {
  await boot()
  await mark('saved')
  const label = `point ${step}`
  await stage.done(stage.client.checkpoint.take({ machine, label, what: 'ram' }))
  await mark('present')
  expect(await stage.killedAt(step, (client) => stage.done(client.checkpoint.restore({ machine, checkpoint: label }), client))).toBe(true)
  const { state } = await stage.client.machine.show({ machine })
  expect(state).toBe(step === 'restore:preparing' || ranOn.includes(step) ? 'running' : 'stopped')
  await nothingLeftOver()
  await soundDisks()
  await boot()
  // A guest that has been given its RAM is back where it was.
  expect((await sh('cat /data/mark')).trim()).toBe(ranOn.includes(step) ? 'saved' : 'present')
  await stage.done(stage.client.checkpoint.restore({ machine, checkpoint: label }))
  expect(await marks()).toEqual(['saved', 'saved'])
})

/** A point with RAM whose devices QEMU does not take: a restore ends the guest, fails, and is undone. */
async function takeUnloadable(label: string): Promise<void> {
  await mark('saved')
  await stage.done(stage.client.checkpoint.take({ machine, label, what: 'ram' }))
  const { id } = await stage.client.checkpoint.show({ machine, checkpoint: label })
  const { state } = checkpointFolderNames(await folderOf(stage.home, stage.client, machine), id)
  const saved = await readStateFile(state)
  if (!(saved instanceof Uint8Array)) throw new Error('Its RAM is in the stream.')
  await rm(state)
  // Its end only describes the rest, and is not read.
  await writeStateFile(state, saved.subarray(0, Math.floor(saved.length / 2)))
  await mark('present')
}

test.each(['restore.failed', 'restore.belongings#2', 'restore.hardware#2', 'restore.config#2', 'restore.layers#2', 'restore.back'])('a restore with RAM that failed is undone, the engine killed at %s', async (step) => {
  await boot()
  await takeUnloadable(step)
  expect(await stage.killedAt(step, (client) => stage.done(client.checkpoint.restore({ machine, checkpoint: step }), client))).toBe(true)
  expect((await stage.client.machine.show({ machine })).state).toBe('stopped')
  await nothingLeftOver()
  await soundDisks()
  await boot()
  expect((await sh('cat /data/mark')).trim()).toBe('present')
  await stage.done(stage.client.checkpoint.delete({ machine, checkpoint: step }))
})

test('a guest that QEMU lost as it was let go is taken back to before, the engine killed at restore:undoing', async () => {
  await boot()
  await mark('saved')
  await stage.done(stage.client.checkpoint.take({ machine, label: 'lost', what: 'ram' }))
  await mark('present')
  const { run: runFile } = await folderOf(stage.home, stage.client, machine)
  stage.home.env['MAYFLY_HALT_AT'] = 'restore:loaded'
  expect(await stage.killedAt('restore:undoing', async (client) => {
    delete stage.home.env['MAYFLY_HALT_AT']
    const engine = identifyProcess((await client.engine.info({})).pid)
    if (engine === null) throw new Error('The engine is not there.')
    const { id } = await client.checkpoint.restore({ machine, checkpoint: 'lost' })
    await until(() => isHalted(engine), 'the engine stands still', 60_000)
    const { process: qemu } = JSON.parse(await readFile(runFile, 'utf8')) as { process: { pid: number } }
    process.kill(qemu.pid, 'SIGKILL')
    process.kill(engine.pid, 'SIGCONT')
    await client.job.wait({ job: id })
  })).toBe(true)
  expect((await stage.client.machine.show({ machine })).state).toBe('crashed')
  await nothingLeftOver()
  await boot()
  expect((await sh('cat /data/mark')).trim()).toBe('present')
  await stage.done(stage.client.checkpoint.restore({ machine, checkpoint: 'lost' }))
  expect(await marks()).toEqual(['saved', 'saved'])
})

test.each([['restore:starting', 'restore.belongings'], ['restore:starting', 'restore.layers'], ['restore:switching', 'restore.hardware']])('a restore with RAM, the engine killed at %s, and what undoes it at %s', async (step, recovering) => {
  await boot()
  await mark('saved')
  const label = `${step} ${recovering}`
  await stage.done(stage.client.checkpoint.take({ machine, label, what: 'ram' }))
  await mark('present')
  expect(await stage.killedTwice(step, recovering, (client) => stage.done(client.checkpoint.restore({ machine, checkpoint: label }), client))).toBe(true)
  expect((await stage.client.machine.show({ machine })).state).toBe('stopped')
  await nothingLeftOver()
  await boot()
  expect((await sh('cat /data/mark')).trim()).toBe('present')
})

test.each([['freeze.transaction', 'recover.going'], ['freeze.transaction', 'recover.gone'], ['freeze.frozen', 'recover.gone']])('a checkpoint with RAM, the engine killed at %s, and the next at %s', async (step, recovering) => {
  await boot()
  const word = `r${number++}`
  await mark(word)
  expect(await stage.killedTwice(step, recovering, (client) => stage.done(client.checkpoint.take({ machine, label: word, what: 'ram' }), client))).toBe(true)
  expect((await stage.client.machine.show({ machine })).state).toBe('running')
  expect(await marks()).toEqual([word, word])
  expect(await labels()).not.toContain(word)
  await nothingLeftOver()
})

test.each(['restore:preparing', 'restore:loaded'])('QEMU is killed in the middle of a restore with RAM (%s)', async (step) => {
  await boot()
  await mark('saved')
  const label = `killed ${step}`
  await stage.done(stage.client.checkpoint.take({ machine, label, what: 'ram' }))
  await mark('present')
  const { run: runFile } = await folderOf(stage.home, stage.client, machine)
  const workedOut = await stage.haltedAt(step, (client) => stage.done(client.checkpoint.restore({ machine, checkpoint: label }), client), async () => {
    const { process: qemu } = JSON.parse(await readFile(runFile, 'utf8')) as { process: { pid: number } }
    process.kill(qemu.pid, 'SIGKILL')
    await until(() => identifyProcess(qemu.pid) === null, 'QEMU is dead')
  })
  // The guest that was to end has ended, only not as it was to.
  expect(workedOut).toBe(step === 'restore:preparing')
  await nothingLeftOver()
  await soundDisks()
  await boot()
  expect((await sh('cat /data/mark')).trim()).toBe(workedOut ? 'saved' : 'present')
})

test.each(['copy:begun', 'copy.streamed'])('QEMU is killed while a running machine becomes independent (%s)', async (step) => {
  await boot()
  const word = `i${number++}`
  await mark(word)
  await stage.done(stage.client.checkpoint.take({ machine, label: word, what: 'disks', freezeFileSystems: 'no' }))
  const { pid } = await stage.client.machine.show({ machine })
  if (pid === null) throw new Error('It does not run.')
  await stage.haltedAt(step, (client) => stage.done(client.machine.promote({ machine }), client), async () => {
    process.kill(pid, 'SIGKILL')
    await until(() => identifyProcess(pid) === null, 'QEMU is dead')
  })
  await until(async () => (await stage.client.machine.show({ machine })).state === 'crashed', 'the crash is seen')
  await nothingLeftOver()
  await soundDisks()
  await boot()
  expect((await sh('cat /data/mark')).trim()).toBe(word)
  await stage.done(stage.client.checkpoint.delete({ machine, checkpoint: word }))
})

test('what a guest has written since its RAM was loaded stays, whoever is killed then', async () => {
  await boot()
  await mark('saved')
  await sh('(while :; do i=$((i+1)); echo $i > /data/turns; sync; echo "TURN $i" > /dev/ttyS0; usleep 200000; done) > /dev/null 2>&1 < /dev/null &')
  await stage.done(stage.client.checkpoint.take({ machine, label: 'turning', what: 'ram' }))
  await mark('present')
  const names = await folderOf(stage.home, stage.client, machine)
  let turns: number[] = []
  await stage.killedWhileHalted('restore.running', (client) => stage.done(client.checkpoint.restore({ machine, checkpoint: 'turning' }), client), async () => {
    await until(async () => {
      turns = [...(await readFile(names.serialLog, 'utf8')).matchAll(/^TURN (\d+)/gm)].map(([, turn]) => Number(turn))
      return turns.length >= 3
    }, 'the guest goes on', 60_000)
    const { process: qemu } = JSON.parse(await readFile(names.run, 'utf8')) as { process: { pid: number } }
    process.kill(qemu.pid, 'SIGKILL')
  })
  expect((await stage.client.machine.show({ machine })).state).toBe('crashed')
  await nothingLeftOver()
  await boot()
  expect((await sh('cat /data/mark')).trim()).toBe('saved')
  expect(Number(await sh('cat /data/turns'))).toBeGreaterThanOrEqual(turns.at(-1) ?? Infinity)
  await soundDisks()
})

test.each(['copy:begun', 'copy.streamed', 'copy.recorded'])('a running machine becomes independent, the engine killed at %s', async (step) => {
  await boot()
  await mark(step)
  await stage.done(stage.client.checkpoint.take({ machine, label: `below ${step}`, what: 'disks', freezeFileSystems: 'no' }))
  expect(await stage.killedAt(step, (client) => stage.done(client.machine.promote({ machine }), client))).toBe(true)
  expect(await marks()).toEqual([step, step])
  await nothingLeftOver()
  // What QEMU did by itself is on record: layers can be merged, and the rest of it be done.
  await stage.done(stage.client.checkpoint.delete({ machine, checkpoint: `below ${step}` }))
  await stage.done(stage.client.machine.promote({ machine }))
  expect((await stage.client.machine.show({ machine })).disks[0]?.layers).toBe(1)
  await nothingLeftOver()
  expect(await marks()).toEqual([step, step])
})

test.each([
  ['take', 'freeze.stop'], ['take', 'freeze.transaction'], ['take', 'freeze.frozen'], ['take', 'take:recording'],
  ['merge', 'merge:merging'], ['merge', 'merge.committed'], ['merge', 'merge:merged'],
] as const)('QEMU is killed in the middle of an act (%s at %s)', async (act, step) => {
  await boot()
  const label = `q${number++}`
  if (act === 'merge') {
    for (const each of [`${label}a`, `${label}b`]) await stage.done(stage.client.checkpoint.take({ machine, label: each, what: 'disks' }))
  }
  await mark(label)
  const { pid } = await stage.client.machine.show({ machine })
  if (pid === null) throw new Error('It does not run.')
  await stage.haltedAt(step, (client) => stage.done(act === 'take' ? client.checkpoint.take({ machine, label, what: 'ram' }) : client.checkpoint.delete({ machine, checkpoint: `${label}a` }), client), async () => {
    process.kill(pid, 'SIGKILL')
    await until(() => identifyProcess(pid) === null, 'QEMU is dead')
  })
  await until(async () => (await stage.client.machine.show({ machine })).state === 'crashed', 'the crash is seen')
  await labels()
  await boot()
  expect((await sh('cat /data/mark')).trim()).toBe(label)
  await stage.done(stage.client.checkpoint.take({ machine, label: `${label} after`, what: 'disks' }))
  await nothingLeftOver()
  await soundDisks()
})
