import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineEvent } from '../../contract/event.ts'
import type { Job } from '../../contract/job.ts'
import type { MachineDetails, MachineSummary } from '../../contract/machine.ts'
import { until } from '../conformance/until.ts'
import { TestHome } from '../engine/test-home.fixture.ts'
import { begin, freePort, mayfly as runMayfly, type Outcome } from './mayfly.fixture.ts'

let home: TestHome
const mayfly = (words: string, options: { stdin?: string | Buffer } = {}): Promise<Outcome> => runMayfly(home.env, words.split(' '), options)

/** The JSON a command prints, having ended well and silently. */
async function json<T>(words: string): Promise<T> {
  const { status, stdout, stderr } = await mayfly(`${words} --json`)
  expect({ words, status, stderr }).toEqual({ words, status: 0, stderr: '' })
  return JSON.parse(stdout) as T
}

async function fine(words: string): Promise<string> {
  const { status, stdout, stderr } = await mayfly(words)
  expect({ words, status, stderr }).toEqual({ words, status: 0, stderr: '' })
  return stdout
}

let port: number
beforeAll(async () => {
  home = await TestHome.make()
  const { status, stderr } = await mayfly('image build tiny --json')
  if (status !== 0) throw new Error(stderr)
  port = await freePort()
}, 300_000)
afterAll(async () => {
  await home.openDetached()
  await home.close()
})

test('the host and what is wrong with it are told to people and to programs', async () => {
  expect(await fine('host')).toMatch(/^mayfly +\d+\.\d+\.\d+\nsystem/)
  expect(await json<{ qemu: { version: string } }>('host')).toMatchObject({ qemu: { version: expect.stringMatching(/^\d/) as string } })
  expect(await json<{ results: unknown[] }>('doctor')).toMatchObject({ results: expect.any(Array) as unknown[] })
  expect(await fine('doctor')).toContain('QEMU')
})

test('a machine is made and started by one command, and listed', async () => {
  expect(await fine('image list')).toMatch(/tiny +kernel/)
  const created = await json<MachineSummary>(`create web --image tiny --memory 256MiB --cpus 1 --disk 64MiB --tag test --forward ${port}:22 --start`)
  expect(created).toMatchObject({ name: 'web', state: 'running', cpus: 1, memoryMiB: 256, tags: ['test'] })
  const [listed] = await json<MachineSummary[]>('list')
  expect(listed).toMatchObject({ id: created.id, name: 'web', state: 'running', cpus: 1, memoryMiB: 256, pid: created.pid, uptimeSeconds: expect.any(Number) as number, tags: ['test'] })
  expect(await fine('list')).toMatch(new RegExp(`^NAME .*\\nweb +● running +1  256 MiB .* test  127\\.0\\.0\\.1:${port} -> 22  ${created.id}\\n$`))
  expect(await fine(`show ${created.id.slice(0, 6)}`)).toContain('● running')
})

test('waiting ends when the guest is there, and in time when it is not', async () => {
  expect((await runMayfly(home.env, ['wait', 'web', '--for', 'serial:MAYFLY READY', '--timeout', '90s', '--json'])).status).toBe(0)
  await fine('wait web --for agent --timeout 90s')
  expect(await mayfly('wait web --for stopped --timeout 50ms')).toMatchObject({ status: 15, stdout: '' })
})

test('commands in the guest stream in and out, and end as they end there', async () => {
  expect(await fine('exec web -- uname -a')).toMatch(/^Linux tiny /)
  expect(await runMayfly(home.env, ['exec', 'web', '--env', 'GREETING=hello you', '--cwd', '/tmp', '--', 'sh', '-c', 'read line; echo "$line $GREETING $PWD"; echo sorry >&2; exit 7'], { stdin: 'in\n' })).toEqual({ status: 7, signal: null, stdout: 'in hello you /tmp\n', stderr: 'sorry\n' })
  expect(await runMayfly(home.env, ['exec', 'web', '--', 'sh', '-c', 'kill -9 $$'])).toMatchObject({ status: 137, stdout: '' })
  const bytes = Buffer.alloc(1_000_000, 'mayfly\n')
  expect((await mayfly('exec web -- md5sum', { stdin: bytes })).stdout).toBe((await mayfly('exec web -- md5sum', { stdin: bytes })).stdout)
  expect((await mayfly('exec web -- wc -c', { stdin: bytes })).stdout.trim()).toBe('1000000')
  const whole = await runMayfly(home.env, ['exec', 'web', '--json', '--', 'cat'], { stdin: 'ü\n' })
  expect({ status: whole.status, output: JSON.parse(whole.stdout) as unknown }).toEqual({ status: 0, output: { exitStatus: 0, signal: null, stdout: 'ü\n', stderr: '', truncated: false } })
  expect((await mayfly('exec web -- no-such-program')).status).toBe(3)
})

test('a signal to mayfly is a signal to the command', async () => {
  const running = begin(home.env, ['exec', 'web', '--', 'sh', '-c', 'trap "echo caught; exit 3" TERM; echo ready; while :; do sleep 0.1; done'])
  await until(() => running.stdout() === 'ready\n', 'the command runs')
  running.process.kill('SIGTERM')
  expect(await running.ended).toMatchObject({ status: 3, signal: null, stdout: 'ready\ncaught\n' })
})

test('a piped console works like a cable', async () => {
  const { status, stdout } = await mayfly('console web --replay 0 --idle 3s', { stdin: 'echo $((6 * 7))-from-the-console\n' })
  expect(status).toBe(0)
  expect(stdout).toContain('42-from-the-console')
  expect(await fine('log web')).toContain('42-from-the-console')
  expect(await fine('log web --events')).toContain('started')
  expect(await fine('log web --qmp')).toContain('"execute":')
})

test('the screen is a picture in a file that is never overwritten unasked', async () => {
  const file = join(home.root, 'screen.png')
  expect((await mayfly(`screenshot web ${file}`)).status).toBe(0)
  expect((await readFile(file)).subarray(1, 4).toString()).toBe('PNG')
  expect((await mayfly(`screenshot web ${file}`)).status).toBe(4)
})

test('watchers see what others do, as lines and as JSON', async () => {
  const lines = begin(home.env, ['watch'])
  const events = begin(home.env, ['watch', '--json'])
  await until(() => lines.stdout().includes('machines') && events.stdout().includes('"snapshot"'), 'both watch')
  await fine('pause web')
  expect(await json<MachineSummary>('resume web')).toMatchObject({ state: 'running', pausedBy: null })
  await until(() => lines.stdout().includes('◐ web is paused') && /"state":"paused"[^\n]*\n[^]*"state":"running"/.test(events.stdout()), 'both have seen it')
  const types = events.stdout().trimEnd().split('\n').map((line) => (JSON.parse(line) as EngineEvent).type)
  expect(types[0]).toBe('snapshot')
  for (const watcher of [lines, events]) {
    watcher.process.kill('SIGINT')
    expect((await watcher.ended).signal).toBe('SIGINT')
  }
})

test('settings wait for the next start where they must, and devices come and go', async () => {
  expect(await json<MachineDetails>('set web --memory 320MiB --notes note --no-tag')).toMatchObject({ tags: [], pendingChanges: 1, pending: [{ field: 'memoryMiB' }] })
  const other = await freePort()
  await fine(`forward add web ${other}:80`)
  expect((await json<MachineSummary[]>('list'))[0]?.forwards).toHaveLength(2)
  await fine(`forward remove web ${other}`)
  await fine('rename web site')
  await fine('exec site -- touch /tmp/before-the-reset')
  await fine('reset site')
  await until(async () => (await mayfly('exec site -- test -e /tmp/before-the-reset')).status === 1, 'the guest is up again', 90_000)
})

test('it stops, is copied, rests in the trash, comes back, and is gone for good', async () => {
  expect(await json<MachineSummary>('stop site --timeout 60s')).toMatchObject({ state: 'stopped', pid: null })
  expect(await json<Job>('clone site copy')).toMatchObject({ state: 'done' })
  expect((await mayfly('delete copy')).status).toBe(2)
  await fine('delete copy --yes')
  await fine('trash restore copy')
  await fine('delete copy --yes')
  expect(await fine('trash list')).toContain('copy')
  expect(await json<unknown[]>('trash empty --yes')).toHaveLength(1)
  expect((await json<MachineSummary[]>('list')).map(({ name }) => name)).toEqual(['site'])
  await fine('start site')
  expect((await mayfly('delete site --yes')).status).toBe(4)
  await fine('stop site --force')
  await fine('delete site --yes')
  await fine('trash empty --yes')
  expect(await json('list')).toEqual([])
})
