import { readFile, writeFile } from 'node:fs/promises'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { identifyProcess } from '../../engine/qemu/process/process-identity.ts'
import { connectQmp } from '../../engine/qemu/qmp/connect-qmp.ts'
import { machineFolderNames, machineRuntimeNames, machinesFolder } from '../../engine/storage/names.ts'
import { until } from '../conformance/until.ts'
import { TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient

beforeAll(async () => {
  home = await TestHome.make()
  client = await home.openDetached()
  await home.buildTiny(client)
}, 300_000)
afterAll(() => home.close())

async function pidOf(machine: string): Promise<number> {
  const { pid } = await client.machine.show({ machine })
  if (pid === null) throw new Error(`${machine} has no process.`)
  return pid
}

test('machines run on while the engine is killed; the next finds them, and the serial log is whole', async () => {
  await home.bootTiny(client, 'alpha')
  const pid = await pidOf('alpha')
  await home.sh(client, 'alpha', '(echo > /dev/ttyS0; i=0; while [ $i -lt 4000 ]; do echo "line $i." > /dev/ttyS0; i=$((i+1)); done; echo "all lines" > /dev/ttyS0) > /dev/null 2>&1 &')
  await client.machine.wait({ machine: 'alpha', for: 'serial:line 100.' })
  await home.killEngine(client)
  expect(identifyProcess(pid)).not.toBeNull()
  client = await home.openDetached()
  expect((await client.machine.list({})).map(({ name, state, pid: found }) => ({ name, state, found }))).toEqual([{ name: 'alpha', state: 'running', found: pid }])
  await client.machine.wait({ machine: 'alpha', for: 'serial:all lines', timeoutMs: 90_000 })
  await client.machine.wait({ machine: 'alpha', for: 'agent' })
  const { text } = await client.machine.log({ machine: 'alpha', tailBytes: 4 * 1024 * 1024 })
  // QEMU 7.2 writes a byte into the log twice when its socket is full just then; none is ever missing.
  const undoubled = (line: string) => line.replace(/(.)\1+/g, '$1')
  const seen = text.split(/[\r\n]+/).map(undoubled).filter((line) => /^line [0-9]+\.$/.test(line))
  expect(seen).toEqual(Array.from({ length: 4000 }, (_, index) => undoubled(`line ${index}.`)))
  expect(await home.sh(client, 'alpha', 'echo still here')).toBe('still here\n')
})

test('what happened while nobody watched is found out: a kill is a crash, a shutdown is not', async () => {
  await home.bootTiny(client, 'beta')
  const [alpha, beta] = [await pidOf('alpha'), await pidOf('beta')]
  await client.guest.run({ machine: 'beta', argv: ['sh', '-c', '(sleep 1; poweroff) > /dev/null 2>&1 &'] })
  await home.killEngine(client)
  process.kill(alpha, 'SIGKILL')
  await until(() => identifyProcess(alpha) === null && identifyProcess(beta) === null, 'both have ended', 60_000)
  client = await home.openDetached()
  const [a, b] = await Promise.all([client.machine.show({ machine: 'alpha' }), client.machine.show({ machine: 'beta' })])
  expect([a.state, a.lastExit?.kind, a.lastExit?.signal, b.state, b.lastExit?.kind, b.lastExit?.exitStatus]).toEqual(['crashed', 'crashed', 'SIGKILL', 'stopped', 'guest', 0])
  expect(a.lastExit?.serialTail).toContain('all lines')
})

test('a crash that the engine watches keeps signal and tails, and the machine starts again', async () => {
  await client.machine.start({ machine: 'alpha' })
  await client.machine.wait({ machine: 'alpha', for: 'agent' })
  process.kill(await pidOf('alpha'), 'SIGSEGV')
  await client.machine.wait({ machine: 'alpha', for: 'stopped' })
  const crashed = await client.machine.show({ machine: 'alpha' })
  expect([crashed.state, crashed.lastExit?.signal, crashed.stateReason]).toEqual(['crashed', 'SIGSEGV', expect.stringContaining('SIGSEGV')])
  expect((await client.machine.start({ machine: 'alpha' })).state).toBe('running')
})

test('a pid that belongs to somebody else by now is left alone', async () => {
  const { id } = await client.machine.show({ machine: 'alpha' })
  await client.machine.stop({ machine: 'alpha', force: true })
  await client.machine.start({ machine: 'alpha' })
  const names = machineFolderNames(join(machinesFolder(home.folders), id))
  const run = JSON.parse(await readFile(names.run, 'utf8')) as { process: { pid: number; startTicks: string } }
  await home.killEngine(client)
  const stranger = spawn('sleep', ['600'], { stdio: 'ignore' })
  try {
    await writeFile(names.run, JSON.stringify({ ...run, process: { pid: stranger.pid, startTicks: run.process.startTicks } }))
    process.kill(run.process.pid, 'SIGKILL')
    await until(() => identifyProcess(run.process.pid) === null, 'QEMU has ended')
    client = await home.openDetached()
    expect((await client.machine.show({ machine: 'alpha' })).state).toBe('crashed')
    await client.machine.start({ machine: 'alpha' })
    await client.machine.stop({ machine: 'alpha', force: true })
    expect(identifyProcess(stranger.pid ?? 0)).not.toBeNull()
  } finally {
    stranger.kill('SIGKILL')
  }
})

test('an engine killed in the middle of a start leaves a machine that the next one settles', async () => {
  const starting = client.machine.start({ machine: 'beta' }).catch((error: unknown) => error)
  await until(async () => (await home.processes()).some((line) => line.includes('qemu-system')), 'QEMU has been started')
  await home.killEngine(client)
  await starting
  client = await home.openDetached()
  await expect.poll(() => client.machine.show({ machine: 'beta' }).then(({ state }) => ['running', 'stopped', 'crashed'].includes(state)), { timeout: 30_000 }).toBe(true)
  await client.machine.stop({ machine: 'beta', force: true }).catch(() => undefined)
  expect((await client.machine.start({ machine: 'beta' })).state).toBe('running')
})

test('a QEMU that hangs is unknown with the reason, and known again when it answers', async () => {
  const pid = await pidOf('beta')
  process.kill(pid, 'SIGSTOP')
  try {
    await home.killEngine(client)
    client = await home.openDetached()
    const hanging = await client.machine.show({ machine: 'beta' })
    expect([hanging.state, hanging.stateReason]).toEqual(['unknown', expect.stringContaining('stands still')])
  } finally {
    process.kill(pid, 'SIGCONT')
  }
  await client.machine.wait({ machine: 'beta', for: 'running', timeoutMs: 30_000 })
})

test('a guest that was paused is paused for the next engine, even if it was reset in between', async () => {
  const { id } = await client.machine.pause({ machine: 'beta' })
  await home.killEngine(client)
  const qmp = await connectQmp(machineRuntimeNames(home.folders, id).qmpSocket)
  await qmp.execute('system_reset')
  // A start that was not finished looks the same to QEMU.
  await until(async () => (await qmp.execute('query-status')).status === 'prelaunch', 'QEMU has reset the guest')
  qmp.close()
  client = await home.openDetached()
  const adopted = await client.machine.show({ machine: 'beta' })
  expect([adopted.state, adopted.pausedBy]).toEqual(['paused', 'user'])
  expect((await client.machine.resume({ machine: 'beta' })).state).toBe('running')
})
