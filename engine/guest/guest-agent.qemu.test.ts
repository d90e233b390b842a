import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeExecFrame, ExecFrameDecoder } from '../../contract/exec-frame.ts'
import { BareQemu, makeWorkFolder, removeWorkFolder } from '../images/tiny/bare-qemu.fixture.ts'
import { testImage } from '../images/tiny/test-image.fixture.ts'
import { AgentExecSession } from './agent-exec.ts'
import { AgentLink } from './agent-link.ts'
import { collectRun } from './collect-run.ts'
import { ExecStream } from './exec-stream.ts'
import { GuestAgent } from './guest-agent.ts'

let folder: string
let qemu: BareQemu
let link: AgentLink
let agent: GuestAgent
const states: string[] = []
/** As our functions take it, and as vitest does. */
const patience = { timeoutMs: 60_000, timeout: 60_000 }

beforeAll(async () => {
  const image = await testImage()
  folder = await makeWorkFolder()
  link = new AgentLink(`${folder}/agent.sock`, { onStateChange: (state) => states.push(state) })
  agent = new GuestAgent(link)
  // Before there is a socket, before there is an agent: it is found when it comes.
  link.start()
  qemu = await BareQemu.boot({ image, folder, machine: 'q35', devices: ['-netdev', 'user,id=nic0', '-device', 'virtio-net-BUS,netdev=nic0'] })
})
afterAll(async () => {
  link.stop()
  await qemu.kill()
  await removeWorkFolder(folder)
})

test('the agent is found during the boot, and tells who it is', async () => {
  await link.whenAnswering(patience)
  expect(states).toEqual(['answering'])
  const { agentVersion, kernel, addresses } = await agent.describe()
  expect(agentVersion).toMatch(/^\d+\.\d+/)
  expect(kernel).toMatch(/^\d+\.\d+/)
  await expect.poll(async () => (await agent.addresses()).map(({ address }) => address), patience).toContain('10.0.2.15')
  expect(addresses.every(({ address }) => !address.startsWith('127.'))).toBe(true)
})

test('files go in and come out', async () => {
  const content = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 31) & 0xff))
  await agent.writeFile('/tmp/content', content)
  expect((await agent.readFile('/tmp/content', 1024 * 1024)).equals(content)).toBe(true)
  await expect(agent.readFile('/tmp/nothing', 10)).rejects.toMatchObject({ code: 'qmp-failed' })
})

test('a command runs through the plain agent, with its environment, folder and input', async () => {
  const session = new AgentExecSession(link, { argv: ['sh', '-c', 'cat; echo "$A in $PWD"; echo oops >&2; exit 5'], env: { A: 'b c' }, cwd: '/tmp' })
  expect(await collectRun(session, { timeoutMs: 60_000, stdin: Buffer.from('input;') })).toEqual({ exitStatus: 5, signal: null, stdout: 'input;b c in /tmp\n', stderr: 'oops\n', truncated: false })
  await expect(collectRun(new AgentExecSession(link, { argv: ['/no/such/program'] }), patience)).rejects.toMatchObject({ code: 'not-found' })
})

test('a command of the plain agent that takes too long is killed', async () => {
  const session = new AgentExecSession(link, { argv: ['sleep', '1000'] })
  await expect(collectRun(session, { timeoutMs: 1_000 })).rejects.toMatchObject({ code: 'timeout' })
  expect(await session.exited).toEqual({ exitStatus: null, signal: 'SIGKILL' })
})

test('the guest\'s clock is set', async () => {
  await agent.setTime(new Date('2030-01-02T03:04:05Z'))
  const run = await collectRun(new AgentExecSession(link, { argv: ['date', '-u', '+%Y-%m-%d'] }), patience)
  expect(run.stdout).toBe('2030-01-02\n')
})

test('an agent that ends is silent, and one that starts again is found', async () => {
  await link.whenAnswering(patience)
  const before = states.length
  const client = await qemu.exec()
  const killer = await client.exec({ argv: ['/bin/sh', '-c', 'kill $(pidof qemu-ga)'] })
  expect(await collectRun(killer, patience)).toMatchObject({ exitStatus: 0 })
  // What QEMU tells the engine with VSERPORT_CHANGE.
  link.portChanged(false)
  link.portChanged(true)
  await expect.poll(() => states.slice(before), patience).toEqual(['silent', 'answering'])
  await agent.ping()
  client.close()
})

test('a command streams through the helper as frames', async () => {
  const client = await qemu.exec()
  const stream = new ExecStream(await client.exec({ argv: ['/bin/sh', '-c', 'read line; echo "got $line"; exec sleep 1000'] }), { reportBug: () => 'ref' })
  const decoder = new ExecFrameDecoder()
  let stdout = ''
  let last: unknown
  stream.on('data', (chunk: Buffer) => {
    for (const { kind, payload } of decoder.push(chunk)) {
      if (kind === 'stdout') stdout += Buffer.from(payload).toString()
      else last = JSON.parse(Buffer.from(payload).toString())
    }
  })
  stream.write(encodeExecFrame('stdin', Buffer.from('it\n')))
  await expect.poll(() => stdout, patience).toBe('got it\n')
  stream.write(encodeExecFrame('signal', Buffer.from('SIGINT')))
  await once(stream, 'end')
  expect(last).toEqual({ exitStatus: null, signal: 'SIGINT' })
  client.close()
})
