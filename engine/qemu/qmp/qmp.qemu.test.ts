import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findQemu } from '../capabilities/find-qemu.ts'
import { startTransientQemu } from '../process/transient-qemu.ts'
import type { TransientQemu } from '../process/transient-qemu.ts'
import { connectQmp, negotiateQmp } from './connect-qmp.ts'
import { addHostForward, removeHostForward } from './host-forward.ts'
import type { QmpClient } from './qmp-client.ts'
import { runQmpJob } from './qmp-job.ts'

let folder: string
let qemu: TransientQemu
let client: QmpClient

async function start(...extra: string[]): Promise<void> {
  qemu = await startTransientQemu(await findQemu(), ['-machine', 'none', '-S', ...extra])
  client = await negotiateQmp(qemu.monitor)
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-qmp-'))
})
afterEach(async () => {
  client.close()
  await qemu.stop()
  await rm(folder, { recursive: true })
})

function code(expected: string, details: object = {}): unknown {
  const having: unknown = expect.objectContaining(details)
  return expect.objectContaining({ code: expected, details: having })
}

/** Watches a promise at once, so that its failure is not unhandled until it is looked at. */
function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(() => 'It did not fail.', (error: unknown) => error)
}

/** A qcow2 node `name` in a new file, empty and formatted by QEMU itself. */
async function addQcow2(name: string, sizeBytes: number): Promise<void> {
  const filename = join(folder, `${name}.qcow2`)
  const create = (options: Parameters<typeof runQmpJob<'blockdev-create'>>[3]['options']): Promise<void> => runQmpJob(client, `create-${name}`, 'blockdev-create', { options })
  await create({ driver: 'file', filename, size: 0 })
  await client.execute('blockdev-add', { driver: 'file', filename, 'node-name': `${name}-storage` })
  await create({ driver: 'qcow2', file: `${name}-storage`, size: sizeBytes })
  await client.execute('blockdev-add', { driver: 'qcow2', file: `${name}-storage`, 'node-name': name })
}

test('talks to QEMU and hears its end', async () => {
  await start()
  expect(await client.execute('query-status')).toMatchObject({ status: 'prelaunch', running: false })
  await expect(client.execute('device_add', { driver: 'no-such-device' })).rejects.toEqual(code('qmp-failed', { command: 'device_add', qmpClass: 'GenericError' }))
  const shutdown = client.waitForEvent('SHUTDOWN')
  await client.execute('quit')
  expect((await shutdown).data.reason).toBe('host-qmp-quit')
  expect(await client.closed).toEqual({ kind: 'ended' })
  expect((await qemu.exited).exitCode).toBe(0)
})

test('a second client learns that the monitor is held, and gets it once the first is gone', async () => {
  const path = join(folder, 'qmp.sock')
  await start('-qmp', `unix:${path},server=on,wait=off`)
  const first = await connectQmp(path)
  await expect(connectQmp(path)).rejects.toEqual(code('in-use'))
  expect(await first.execute('query-status')).toMatchObject({ status: 'prelaunch' })
  first.close()
  const second = await connectQmp(path)
  expect(await second.execute('query-status')).toMatchObject({ status: 'prelaunch' })
  second.close()
})

test('a QEMU that hangs is not taken for a held one', async () => {
  const path = join(folder, 'qmp.sock')
  await start('-qmp', `unix:${path},server=on,wait=off`)
  process.kill(qemu.pid, 'SIGSTOP')
  await expect(connectQmp(path, { timeoutMs: 400 })).rejects.toEqual(code('timeout'))
})

test('half a command of a client that died does the next one no harm', async () => {
  const path = join(folder, 'qmp.sock')
  await start('-qmp', `unix:${path},server=on,wait=off`)
  const first = await connectQmp(path)
  void first.execute('query-qmp-schema').catch(() => {})
  first.close()
  const second = await connectQmp(path)
  expect(await second.execute('query-name')).toEqual({})
  second.close()
})

test('a job ends well, reports progress, and leaves nothing in QEMU', async () => {
  await start()
  await addQcow2('disk0', 16 * 1024 * 1024)
  await addQcow2('copy', 16 * 1024 * 1024)
  const seen: number[] = []
  await runQmpJob(client, 'backup-1', 'blockdev-backup', { device: 'disk0', target: 'copy', sync: 'full' }, { onProgress: ({ current, total }) => seen.push(current / total) })
  expect(seen.at(-1)).toBe(1)
  expect(await client.execute('query-jobs')).toEqual([])
})

test('a job that fails after its answer says why, and can be run again under its id', async () => {
  await start()
  const options = { driver: 'file', filename: '/nonexistent/disk.raw', size: 1024 } as const
  const namingTheFile: unknown = expect.stringContaining('/nonexistent')
  for (let round = 0; round < 2; round += 1) {
    await expect(runQmpJob(client, 'create-1', 'blockdev-create', { options })).rejects.toEqual(
      code('qmp-failed', { command: 'blockdev-create', qmpClass: 'JobFailed', description: namingTheFile }),
    )
  }
  expect(await client.execute('query-jobs')).toEqual([])
})

test('a job that QEMU refuses leaves nothing', async () => {
  await start()
  await expect(runQmpJob(client, 'backup-1', 'blockdev-backup', { device: 'none', target: 'none', sync: 'full' })).rejects.toEqual(
    code('qmp-failed', { command: 'blockdev-backup', qmpClass: 'GenericError' }),
  )
  await expect(runQmpJob(client, 'job-1', 'blockdev-create', { options: { driver: 'file', filename: '/x', size: 1 } }, { signal: AbortSignal.abort() })).rejects.toEqual(code('cancelled'))
  expect(await client.execute('query-jobs')).toEqual([])
})

test('a job is cancelled and dismissed', async () => {
  await start()
  await addQcow2('disk0', 64 * 1024 * 1024)
  await addQcow2('copy', 64 * 1024 * 1024)
  const cancel = new AbortController()
  const backup = runQmpJob(client, 'backup-1', 'blockdev-backup', { device: 'disk0', target: 'copy', sync: 'full', speed: 65_536 }, { signal: cancel.signal })
  const failure = failureOf(backup)
  await client.waitForEvent('JOB_STATUS_CHANGE', { where: ({ data }) => data.id === 'backup-1' && data.status === 'running' })
  cancel.abort()
  expect(await failure).toEqual(code('cancelled'))
  expect(await client.execute('query-jobs')).toEqual([])
})

test('a mirror is completed when it is ready', async () => {
  await start()
  await addQcow2('disk0', 1024 * 1024)
  await addQcow2('copy', 1024 * 1024)
  await runQmpJob(client, 'mirror-1', 'blockdev-mirror', { device: 'disk0', target: 'copy', sync: 'full' })
  expect(await client.execute('query-jobs')).toEqual([])
})

test('a job whose QEMU dies has an unknown outcome', async () => {
  await start()
  await addQcow2('disk0', 64 * 1024 * 1024)
  await addQcow2('copy', 64 * 1024 * 1024)
  const backup = runQmpJob(client, 'backup-1', 'blockdev-backup', { device: 'disk0', target: 'copy', sync: 'full', speed: 65_536 })
  const failure = failureOf(backup)
  await client.waitForEvent('JOB_STATUS_CHANGE', { where: ({ data }) => data.id === 'backup-1' && data.status === 'running' })
  await qemu.stop()
  expect(await failure).toEqual(code('qmp-interrupted'))
})

test('port forwards come and go, and a taken port is refused', async () => {
  await start('-netdev', '{"type":"user","id":"nic0"}')
  const holder = createServer()
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
  const address = holder.address()
  const hostPort = typeof address === 'object' && address !== null ? address.port : 0
  const forward = { netdevId: 'nic0', protocol: 'tcp', hostAddress: '127.0.0.1', hostPort, guestPort: 22 } as const
  await expect(addHostForward(client, forward)).rejects.toEqual(code('qmp-failed', { command: 'hostfwd_add' }))
  await new Promise((resolve) => holder.close(resolve))
  await addHostForward(client, forward)
  await expect(addHostForward(client, forward)).rejects.toEqual(code('qmp-failed'))
  await removeHostForward(client, forward)
  await expect(removeHostForward(client, forward)).rejects.toEqual(code('not-found'))
  await expect(addHostForward(client, { ...forward, netdevId: 'nic0 tcp::1-:1', hostPort: 0 })).rejects.toEqual(
    code('invalid-input', { issues: [
      { path: 'netdevId', message: 'is not an id' },
      { path: 'hostPort', message: 'is not a port' },
    ] }),
  )
})
