import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { identifyProcess } from '../../engine/qemu/process/process-identity.ts'
import { machineFolderNames, machinesFolder } from '../../engine/storage/names.ts'
import { until } from '../conformance/until.ts'
import { refusal, TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient

beforeAll(async () => {
  ;({ home, client } = await TestHome.withTiny())
}, 300_000)
afterAll(() => home.close())

const namesOf = async (machine: string) => machineFolderNames(join(machinesFolder(home.folders), (await client.machine.show({ machine })).id))

test('a name may be anything printable, and no file carries it', async () => {
  const names = ['../../etc/passwd', 'a,b=c', '"quoted" \'twice\'', '--leading', 'emoji 🪰🪰', '$(reboot) `x`', '名前', '%s%n', 'json:{"driver":"null"}']
  for (const name of names) {
    await client.machine.create({ name, image: 'tiny', memoryMiB: 256, cpus: 1 })
    expect((await client.machine.start({ machine: name })).name).toBe(name)
    await client.machine.stop({ machine: name, force: true })
  }
  for (const name of ['', ' padded ', 'two\nlines', 'bell\x07', 'x'.repeat(81), 'right\u202eleft']) expect(await refusal(client.machine.create({ name }))).toBe('invalid-input')
  const files = (await readdir(machinesFolder(home.folders), { recursive: true })).join('\n')
  expect(names.filter((name) => files.includes(name))).toEqual([])
  for (const name of names) await client.machine.delete({ machine: name })
  await client.trash.empty({})
})

test('torn and foreign files make a machine broken, listed and untouched; others go on', async () => {
  for (const name of ['sound', 'torn', 'newer', 'hardware']) await client.machine.create({ name, image: 'tiny', memoryMiB: 256, cpus: 1 })
  const [torn, newer, hardware] = [await namesOf('torn'), await namesOf('newer'), await namesOf('hardware')]
  const whole = await readFile(torn.machine, 'utf8')
  const { id: tornId } = await client.machine.show({ machine: 'torn' })
  await home.closeEngine()
  await writeFile(torn.machine, whole.slice(0, whole.length / 2))
  await writeFile(newer.machine, JSON.stringify({ format: 'mayfly-machine', version: 99, future: true }))
  await writeFile(hardware.hardware, '{}')
  await mkdir(join(machinesFolder(home.folders), 'not-a-machine'))
  client = await home.open()
  const list = await client.machine.list({})
  expect(list.map(({ name, state }) => `${name} ${state}`).filter((row) => !row.endsWith('broken'))).toEqual(['sound stopped'])
  const broken = list.filter(({ state }) => state === 'broken')
  expect(broken.map(({ stateReason }) => stateReason)).toEqual(expect.arrayContaining([expect.stringContaining('not whole JSON'), expect.stringContaining('newer Mayfly')]))
  for (const { id } of broken) expect(await refusal(client.machine.start({ machine: id }))).toBe('storage-corrupt')
  expect(await readFile(torn.machine, 'utf8')).toBe(whole.slice(0, whole.length / 2))
  // Repaired by hand, it is as before, under the same engine.
  await writeFile(torn.machine, whole)
  expect((await client.machine.show({ machine: tornId })).state).toBe('stopped')
  expect((await client.machine.start({ machine: 'torn' })).state).toBe('running')
  await client.machine.stop({ machine: 'torn', force: true })
  for (const { id } of await client.machine.list({})) await client.machine.delete({ machine: id })
  await client.trash.empty({})
})

test('a QEMU that refuses its arguments, or is killed while it starts, leaves a machine that is off and says why', async () => {
  await client.machine.create({ name: 'fragile', image: 'tiny', memoryMiB: 256, cpus: 1 })
  const names = await namesOf('fragile')
  const [layer] = await readdir(join(names.disks, 'disk0'))
  const layerPath = join(names.disks, 'disk0', layer ?? '')
  const sound = await readFile(layerPath)
  await chmod(layerPath, 0o600)
  await writeFile(layerPath, 'this is no disk image')
  expect(await refusal(client.machine.start({ machine: 'fragile' }))).toBe('qemu-launch-failed')
  const failed = await client.machine.show({ machine: 'fragile' })
  expect([failed.state, failed.lastExit?.kind, failed.stateReason, failed.lastExit?.qemuTail]).toEqual(['stopped', 'launch-failed', expect.stringContaining('QEMU could not start'), expect.stringContaining('qcow2')])
  await writeFile(layerPath, sound)

  const starting = refusal(client.machine.start({ machine: 'fragile' }))
  let pid: number | undefined
  await until(async () => {
    const line = (await home.processes()).find((candidate) => /^\s*\d+ \S*qemu-system/.test(candidate))
    pid = line === undefined ? undefined : Number.parseInt(line, 10)
    return pid !== undefined
  }, 'QEMU is there')
  process.kill(pid ?? 0, 'SIGKILL')
  const outcome = await starting
  expect(['qemu-launch-failed', 'qmp-interrupted', { unexpected: expect.anything() as unknown }]).toContainEqual(outcome)
  await until(() => identifyProcess(pid ?? 0) === null, 'it is dead')
  await until(async () => ['stopped', 'crashed'].includes((await client.machine.show({ machine: 'fragile' })).state), 'the end is settled')
  expect((await client.machine.start({ machine: 'fragile' })).state).toBe('running')
  await client.machine.stop({ machine: 'fragile', force: true })
})

test('a kernel panic pauses the machine and says so; a reset brings it back', async () => {
  await home.bootTiny(client, 'panics')
  // The driver that tells the host of a panic is loaded after everything the prompt needs.
  await expect.poll(() => home.sh(client, 'panics', 'lsmod | grep -c ^pvpanic; true'), { timeout: 30_000 }).not.toBe('0\n')
  await client.guest.exec({ machine: 'panics', argv: ['sh', '-c', 'echo 1 > /proc/sys/kernel/sysrq; echo c > /proc/sysrq-trigger'] })
  await expect.poll(() => client.machine.show({ machine: 'panics' }).then(({ state, pausedBy }) => `${state} ${pausedBy}`), { timeout: 60_000 }).toBe('paused guest-panic')
  expect(await refusal(client.machine.resume({ machine: 'panics' }))).toBe('conflict')
  expect((await client.machine.reset({ machine: 'panics' })).state).toBe('running')
  await client.machine.stop({ machine: 'panics', force: true })
})

test('a guest that floods its serial port keeps its console, whoever does not read it', async () => {
  await home.bootTiny(client, 'flood')
  const names = await namesOf('flood')
  const { ticket } = await client.console.open({ machine: 'flood' })
  // A viewer that never reads: it must hold up neither the guest nor the engine.
  const idle = await home.connection.openStream(ticket)
  idle.on('error', () => undefined)
  await home.sh(client, 'flood', '(i=0; while [ $i -lt 6 ]; do head -c 524288 /dev/zero | tr "\\0" x > /dev/ttyS0; echo > /dev/ttyS0; i=$((i+1)); done; echo flood over > /dev/ttyS0) > /dev/null 2>&1 &')
  await client.machine.wait({ machine: 'flood', for: 'serial:flood over', timeoutMs: 110_000 })
  expect(await home.sh(client, 'flood', 'echo alive')).toBe('alive\n')
  expect((await readFile(names.serialLog)).length).toBeGreaterThan(3 * 1024 * 1024)
  idle.destroy()
  await client.machine.stop({ machine: 'flood', force: true })
})

test('paths too long for a socket and a QEMU that is not there are said before anything is done', async () => {
  const deep = join(home.root, 'x'.repeat(60))
  await mkdir(deep)
  const long = await TestHome.make(deep)
  expect(await refusal(long.openDetached())).toBe('host-unavailable')
  process.env['MAYFLY_QEMU'] = '/nonexistent/qemu-system-x86_64'
  try {
    await home.closeEngine()
    client = await home.open()
    expect((await client.host.show({})).qemu).toBeNull()
    expect((await client.machine.list({})).length).toBeGreaterThan(0)
    expect(await refusal(client.machine.start({ machine: 'fragile' }))).toBe('host-unavailable')
    expect((await client.host.doctor({})).worst).toBe('problem')
  } finally {
    delete process.env['MAYFLY_QEMU']
    await home.closeEngine()
    client = await home.open()
  }
})
