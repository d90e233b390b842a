import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { findQemu } from '../../engine/qemu/capabilities/find-qemu.ts'
import { checkQcow2 } from '../../engine/qemu/img/check-qcow2.ts'
import { forkMarksFolder, machinesFolder } from '../../engine/storage/names.ts'
import { identifyProcess, isHalted } from '../../engine/qemu/process/process-identity.ts'
import { until } from '../conformance/until.ts'
import { TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient
let parent: string

beforeAll(async () => {
  ;({ home, client } = await TestHome.withTiny())
  parent = (await home.bootTiny(client, 'parent')).id
  await home.sh(client, 'parent', 'dd if=/dev/urandom of=/run/random bs=1M count=8 2>/dev/null; md5sum /run/random > /run/sum; echo kept > /data/kept; sync')
  await home.closeEngine()
}, 300_000)
afterAll(() => home.close())

/** A detached engine that dies at this step, and all it leaves is looked at by the next. */
async function dieAt(step: string, act: (client: EngineClient) => Promise<unknown>): Promise<void> {
  home.env['MAYFLY_DIE_AT'] = step
  const dying = await home.openDetached()
  delete home.env['MAYFLY_DIE_AT']
  const { pid } = await dying.engine.info({})
  await act(dying).catch(() => undefined)
  await until(() => identifyProcess(pid) === null, `the engine died at ${step}`, 30_000)
  await home.closeEngine()
  client = await home.open()
}

/** Only the parent is there, whole and as it was. */
async function assertOnlyParent(state: 'running' | 'stopped'): Promise<void> {
  expect((await client.machine.list({})).map(({ name, state: found }) => [name, found])).toEqual([['parent', state]])
  expect(await readdir(machinesFolder(home.folders))).toEqual([parent])
  expect(await readdir(forkMarksFolder(home.folders)).catch(() => [])).toEqual([])
  expect((await home.processes()).filter((line) => !line.includes(parent))).toEqual([])
  const folder = join(machinesFolder(home.folders), parent, 'disks', 'disk0')
  const chains = JSON.parse(await readFile(join(machinesFolder(home.folders), parent, 'disks.json'), 'utf8')) as { disks: { disk0: string[] } }
  expect(chains.disks.disk0.filter((file) => !file.endsWith('.qcow2'))).toEqual([])
  const files = await readdir(folder)
  expect(files).toEqual(expect.arrayContaining(chains.disks.disk0))
  if (state === 'running') {
    expect(await home.sh(client, 'parent', 'md5sum -c -s /run/sum && cat /data/kept && echo again > /data/again && sync && cat /data/again')).toBe('kept\nagain\n')
    return
  }
  const installation = await findQemu()
  for (const file of chains.disks.disk0) expect(await checkQcow2(installation, join(folder, file))).toMatchObject({ corruptions: 0, leaks: 0 })
}

/** The QEMU of a single fork is started while its parent is frozen, those of several afterwards. */
test.each([
  ['freeze.stop', 1], ['freeze.transaction', 1], ['freeze.frozen', 1], ['fork.folder', 1], ['fork.begin', 1], ['fork.begun', 1],
  ['freeze.stop', 2], ['freeze.transaction', 2], ['freeze.frozen', 2], ['fork.folder', 2], ['fork.begin', 2], ['fork.begun', 2],
] as const)('an engine that is killed at %s of %i leaves nothing of it, and its parent runs', async (step, count) => {
  await dieAt(step, (dying) => dying.machine.fork({ machine: 'parent', count, throwaway: true }))
  await assertOnlyParent('running')
  const { forks } = await client.machine.fork({ machine: 'parent', name: 'after', throwaway: true })
  expect(await home.sh(client, 'after', 'md5sum -c -s /run/sum && cat /data/kept')).toBe('kept\n')
  await client.machine.stop({ machine: forks[0]?.machine.id ?? '', force: true })
  await until(async () => (await client.machine.list({})).length === 1, 'the throwaway is gone')
  await home.closeEngine()
})

test('an engine that is killed at fork.made, before anybody is told of the fork, leaves it whole', async () => {
  await dieAt('fork.made', (dying) => dying.machine.fork({ machine: 'parent', name: 'made' }))
  expect((await client.machine.list({})).map(({ name, state }) => `${name} ${state}`).sort()).toEqual(['made running', 'parent running'])
  expect(await home.sh(client, 'made', 'md5sum -c -s /run/sum && cat /data/kept')).toBe('kept\n')
  await client.machine.delete({ machine: 'made', force: true })
  await client.trash.empty({})
  await home.closeEngine()
})

test('whoever is told of a fork finds it after a kill: its mark says so already', async () => {
  client = await home.open()
  for (let round = 0; round < 8; round++) {
    const { forks } = await client.machine.fork({ machine: 'parent', throwaway: true })
    const id = forks[0]?.machine.id ?? ''
    expect(readFileSync(join(forkMarksFolder(home.folders), id), 'utf8')).toMatch(/^made /)
    await client.machine.stop({ machine: id, force: true })
  }
  await until(async () => (await client.machine.list({})).length === 1, 'the throwaways are gone')
  await home.closeEngine()
})

test.each(['fork.layered', 'fork.protect', 'fork.folder', 'fork.begin'])('of a machine that is off, at %s', async (step) => {
  client = await home.open()
  if ((await client.machine.show({ machine: 'parent' })).state === 'running') await client.machine.stop({ machine: 'parent' })
  await home.closeEngine()
  await dieAt(step, (dying) => dying.machine.fork({ machine: 'parent' }))
  await assertOnlyParent('stopped')
  await home.closeEngine()
})

async function endDetached(): Promise<void> {
  const { pid } = await client.engine.info({})
  await client.engine.shutdown({})
  await until(() => identifyProcess(pid) === null, 'the engine has ended')
  await home.closeEngine()
}

/** The engine stands still at a step of an act while QEMU is killed, and goes on. True: the act worked out. */
async function haltedAt(step: string, act: (client: EngineClient) => Promise<unknown>, harm: () => Promise<void>): Promise<boolean> {
  home.env['MAYFLY_HALT_AT'] = step
  client = await home.openDetached()
  delete home.env['MAYFLY_HALT_AT']
  const engine = identifyProcess((await client.engine.info({})).pid)
  if (engine === null) throw new Error('The engine is not there.')
  const acting = act(client).then(() => true, () => false)
  await until(() => isHalted(engine), `the engine stands still at ${step}`, 60_000)
  await harm()
  // Each fork comes by the step.
  const goOn = setInterval(() => process.kill(engine.pid, 'SIGCONT'), 50)
  return acting.finally(() => clearInterval(goOn))
}

/** The parent's process; its disk keeps the word, its memory something with a sum. */
async function parentRuns(word: string): Promise<number> {
  client = await home.open()
  if ((await client.machine.show({ machine: 'parent' })).state !== 'running') await client.machine.start({ machine: 'parent' })
  await home.ready(client, 'parent')
  await home.sh(client, 'parent', `echo ${word} > /data/kept; sync; mkdir -p /run; dd if=/dev/urandom of=/run/random bs=1M count=2 2>/dev/null; md5sum /run/random > /run/sum`)
  const { pid } = await client.machine.show({ machine: 'parent' })
  if (pid === null) throw new Error('It does not run.')
  await home.closeEngine()
  return pid
}

test('the QEMU that was started ahead is killed before it is told its memory: another one is started', async () => {
  await parentRuns('twice')
  const forked = await haltedAt('fork.begin', (halting) => halting.machine.fork({ machine: 'parent', name: 'second try', throwaway: true }), async () => {
    let qemus: string[] = []
    await until(async () => {
      qemus = (await home.processes()).filter((line) => line.includes('qemu-system') && !line.includes(parent))
      return qemus.length > 0
    }, 'its QEMU is there')
    for (const line of qemus) process.kill(Number(line.split(' ')[0]), 'SIGKILL')
  })
  expect(forked).toBe(true)
  expect(await home.sh(client, 'second try', 'md5sum -c -s /run/sum && cat /data/kept')).toBe('twice\n')
  await client.machine.stop({ machine: 'second try', force: true })
  await until(async () => (await client.machine.list({})).length === 1, 'the throwaway is gone')
  await endDetached()
})

test.each(['freeze.stop', 'freeze.transaction', 'freeze.frozen', 'fork.begin', 'fork.begun'])('the parent\'s QEMU is killed at %s of a fork: what was made of it lives without it, or nothing was', async (step) => {
  const pid = await parentRuns(step)
  const workedOut = await haltedAt(step, (halting) => halting.machine.fork({ machine: 'parent', name: 'orphan', throwaway: true }), async () => {
    process.kill(pid, 'SIGKILL')
    await until(() => identifyProcess(pid) === null, 'QEMU is dead')
  })
  expect(workedOut).toBe(step.startsWith('fork.'))
  await until(async () => (await client.machine.show({ machine: 'parent' })).state === 'crashed', 'the crash is seen')
  if (workedOut) {
    expect(await home.sh(client, 'orphan', 'md5sum -c -s /run/sum && cat /data/kept')).toBe(`${step}\n`)
    await client.machine.stop({ machine: 'orphan', force: true })
  }
  await until(async () => (await client.machine.list({})).length === 1, 'only the parent is there')
  await endDetached()
  client = await home.open()
  expect(await readdir(machinesFolder(home.folders))).toEqual([parent])
  expect(await readdir(forkMarksFolder(home.folders)).catch(() => [])).toEqual([])
  await client.machine.start({ machine: 'parent' })
  await home.ready(client, 'parent')
  expect((await home.sh(client, 'parent', 'cat /data/kept')).trim()).toBe(step)
  await home.closeEngine()
})
