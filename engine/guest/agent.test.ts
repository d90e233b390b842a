import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AgentConnection } from './agent-connection.ts'
import { AgentLink } from './agent-link.ts'
import { AgentReader } from './agent-reader.ts'
import { AgentExecSession } from './agent-exec.ts'
import { collectRun } from './collect-run.ts'
import { GuestAgent } from './guest-agent.ts'

/** Generous: the hosts of tests are busy. */
const soon = { timeout: 20_000 }

interface Request {
  readonly execute: string
  readonly arguments: Readonly<Record<string, unknown>>
}

/** A guest agent behind QEMU's port, as scripted: `answer` says what to write back, null: nothing. */
class ScriptedAgent {
  readonly socketPath: string
  readonly requests: Request[] = []
  readonly sockets: Socket[] = []
  /** Written before the answer to a sync. */
  leftovers: Buffer = Buffer.alloc(0)
  isSilent = false
  answer: (request: Request) => unknown = () => ({ return: {} })
  readonly #server: Server

  constructor(folder: string) {
    this.socketPath = join(folder, 'agent.sock')
    this.#server = createServer((socket) => {
      this.sockets.push(socket)
      socket.on('error', () => undefined)
      let text = ''
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1').replaceAll('\xff', '')
        const lines = text.split('\n')
        text = lines.pop() ?? ''
        for (const line of lines) this.#handle(socket, JSON.parse(line) as Request)
      })
    })
  }
  async listen(): Promise<void> {
    this.#server.listen(this.socketPath)
    await once(this.#server, 'listening')
  }
  #handle(socket: Socket, request: Request): void {
    if (this.isSilent) return
    if (request.execute === 'guest-sync-delimited') {
      socket.write(this.leftovers)
      socket.write(Buffer.concat([Buffer.from([0xff]), Buffer.from(`{"return": ${String(request.arguments['id'])}}\n`)]))
      return
    }
    this.requests.push(request)
    const answer = this.answer(request)
    if (answer instanceof Buffer) socket.write(answer)
    else if (answer !== null) socket.write(`${JSON.stringify(answer)}\n`)
  }
  close(): void {
    for (const socket of this.sockets) socket.destroy()
    this.#server.close()
  }
}

let folder: string
let agent: ScriptedAgent
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-agent-'))
  agent = new ScriptedAgent(folder)
  await agent.listen()
})
afterEach(async () => {
  agent.close()
  await rm(folder, { recursive: true, force: true })
})

const patience = { timeoutMs: 5_000 }
const open = (): Promise<AgentConnection> => AgentConnection.open(agent.socketPath, patience)

test('five replies meant for somebody else are dropped, and so is garbage', async () => {
  agent.leftovers = Buffer.concat([
    Buffer.from('{"return": {"pid": 1}}\n'.repeat(5)),
    Buffer.from('\x00\x01 not json {"ret'),
    Buffer.from([0xff]),
    Buffer.from('{"return": 12345}\n{"return": "late"}\n'),
    Buffer.from([0xff, 0xff]),
    Buffer.from('garbage\n'),
  ])
  agent.answer = () => ({ return: 'mine' })
  const connection = await open()
  expect(await connection.call('guest-ping')).toBe('mine')
  connection.close()
})

test('one command at a time, in order', async () => {
  let underWay = 0
  let most = 0
  agent.answer = ({ execute }) => {
    underWay += 1
    most = Math.max(most, underWay)
    queueMicrotask(() => {
      underWay -= 1
      agent.sockets[0]?.write(`${JSON.stringify({ return: execute })}\n`)
    })
    return null
  }
  const connection = await open()
  expect(await Promise.all(['a', 'b', 'c'].map((name) => connection.call(name)))).toEqual(['a', 'b', 'c'])
  expect(most).toBe(1)
  connection.close()
})

test('an answer that comes too late is never another command\'s', async () => {
  const connection = await open()
  agent.answer = () => null
  await expect(connection.call('slow', {}, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'timeout', details: { waitedMs: 20 } })
  const cancel = new AbortController()
  const cancelled = connection.call('unwanted', {}, { signal: cancel.signal })
  await expect.poll(() => agent.requests.length, soon).toBe(2)
  cancel.abort()
  await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' })
  agent.leftovers = Buffer.from('{"return": "of slow"}\n{"return": "of unwanted"}\n')
  agent.answer = () => ({ return: 'of next' })
  expect(await connection.call('next')).toBe('of next')
  connection.close()
})

test('what the agent refuses has a code', async () => {
  const connection = await open()
  agent.answer = () => ({ error: { class: 'CommandNotFound', desc: 'Command guest-exec has been disabled' } })
  await expect(connection.call('guest-exec')).rejects.toMatchObject({ code: 'unsupported', details: { needs: 'guest-exec' } })
  agent.answer = () => ({ error: { class: 'GenericError', desc: 'bad\u001b[31m\nnews' } })
  await expect(connection.call('guest-x')).rejects.toMatchObject({ code: 'qmp-failed', details: { command: 'guest-x', qmpClass: 'GenericError', description: 'bad [31m news' } })
  agent.answer = () => ({ error: 7 })
  await expect(connection.call('guest-x')).rejects.toMatchObject({ code: 'qmp-failed' })
  connection.close()
})

test('answers that are none, or too long, fail the command and not the next one', async () => {
  const connection = await open()
  for (const nonsense of ['[]', '"text"', '{"QMP": {}}', '{"return":']) {
    agent.answer = () => Buffer.from(`${nonsense}\n`)
    await expect(connection.call('guest-x')).rejects.toMatchObject({ code: 'qmp-interrupted' })
  }
  agent.answer = () => ({ return: 'x'.repeat(5000) })
  await expect(connection.call('guest-x', {}, { mostBytes: 4000 })).rejects.toMatchObject({ code: 'qmp-interrupted' })
  expect(await connection.call('guest-x', {}, { mostBytes: 6000 })).toHaveLength(5000)
  connection.close()
})

test('an end in the middle of a command is told', async () => {
  const connection = await open()
  agent.answer = () => {
    agent.sockets[0]?.destroy()
    return null
  }
  await expect(connection.call('guest-x')).rejects.toMatchObject({ code: 'qmp-interrupted', details: { command: 'guest-x' } })
  await connection.closed
  await expect(connection.call('guest-y')).rejects.toMatchObject({ code: 'qmp-interrupted' })
})

test('a port without an agent accepts, and then there is silence', async () => {
  agent.isSilent = true
  await expect(AgentConnection.open(agent.socketPath, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'timeout' })
  await expect(AgentConnection.open(join(folder, 'no.sock'), patience)).rejects.toMatchObject({ code: 'conflict' })
})

test('the reader is bounded and begins at 0xFF', () => {
  const reader = new AgentReader()
  reader.mostBytes = 10
  const push = (text: string): unknown[] => [...reader.push(Buffer.from(text, 'latin1'))]
  expect(push('dropped\n')).toEqual([])
  expect(push('x\xffab')).toEqual([])
  expect(push('c\n\r\nd')).toEqual([{ kind: 'line', text: 'abc' }])
  expect(push('e\xfff\n')).toEqual([{ kind: 'line', text: 'f' }])
  expect(push('0123456789a')).toEqual([{ kind: 'oversized' }])
  expect(push('still dropped\n')).toEqual([])
  expect(push('\xffok\n')).toEqual([{ kind: 'line', text: 'ok' }])
})

test('the link tells when the agent answers, goes, and comes back', async () => {
  agent.isSilent = true
  const states: string[] = []
  const link = new AgentLink(agent.socketPath, { onStateChange: (state) => states.push(state) })
  link.start()
  await expect(link.call('guest-ping')).rejects.toMatchObject({ code: 'conflict' })
  await expect.poll(() => agent.sockets.length, soon).toBe(1)
  agent.isSilent = false
  link.portChanged(true)
  await link.whenAnswering(patience)
  expect(await link.call('guest-ping')).toEqual({})
  link.portChanged(false)
  await expect.poll(() => states, soon).toEqual(['answering', 'silent'])
  expect(link.state).toBe('silent')
  link.portChanged(true)
  await link.whenAnswering(patience)
  agent.sockets.at(-1)?.destroy()
  await expect.poll(() => states.length, soon).toBe(5)
  expect(states).toEqual(['answering', 'silent', 'answering', 'silent', 'answering'])
  link.stop()
})

test('an agent that stops answering pings is silent', async () => {
  const states: string[] = []
  agent.answer = () => {
    agent.isSilent = true
    return { nonsense: true }
  }
  const link = new AgentLink(agent.socketPath, { onStateChange: (state) => states.push(state), pingEveryMs: 10 })
  link.start()
  await expect.poll(() => states, soon).toEqual(['answering', 'silent'])
  link.stop()
})

test('stopping a link leaves nobody waiting', async () => {
  agent.isSilent = true
  const link = new AgentLink(agent.socketPath)
  link.start()
  const waiting = link.whenAnswering(patience)
  link.stop()
  await expect(waiting).rejects.toMatchObject({ code: 'conflict' })
  await expect(link.whenAnswering({ timeoutMs: 1 })).rejects.toMatchObject({ code: 'conflict' })
})

test('a guest is described from what it says; what it does not offer is null', async () => {
  agent.answer = ({ execute }) => {
    switch (execute) {
      case 'guest-info':
        return { return: { version: '7.2.0', supported_commands: [{ name: 'guest-ping', enabled: true, 'success-response': true }, { name: 'guest-exec', enabled: false }] } }
      case 'guest-get-osinfo':
        return { return: { id: 'debian', 'pretty-name': 'Debian\u0007 12', 'kernel-release': '6.1.0' } }
      case 'guest-network-get-interfaces':
        return { return: [{ name: 'lo', 'ip-addresses': [{ 'ip-address': '127.0.0.1', 'ip-address-type': 'ipv4', prefix: 8 }] }, { name: 'eth0', 'hardware-address': '52:54:00:12:34:56', 'ip-addresses': [{ 'ip-address': '10.0.2.15', 'ip-address-type': 'ipv4', prefix: 24 }] }, { name: 'dummy0' }] }
      default:
        return { error: { class: 'CommandNotFound', desc: 'unknown' } }
    }
  }
  const connection = await open()
  const guest = new GuestAgent(connection)
  expect(await guest.describe()).toEqual({
    agentVersion: '7.2.0',
    hostName: null,
    os: 'Debian 12',
    kernel: '6.1.0',
    addresses: [{ interface: 'eth0', address: '10.0.2.15', family: 'ipv4' }],
  })
  expect((await guest.info()).commands).toEqual(new Set(['guest-ping']))
  agent.answer = () => ({ return: { version: 7 } })
  await expect(guest.info()).rejects.toMatchObject({ code: 'qmp-interrupted' })
  connection.close()
})

test('files are read and written in pieces, within bounds, and closed', async () => {
  const content = Buffer.from(Array.from({ length: 150_000 }, (_, i) => i & 0xff))
  let position = 0
  const written: Buffer[] = []
  agent.answer = ({ execute, arguments: args }) => {
    switch (execute) {
      case 'guest-file-open':
        return { return: 1000 }
      case 'guest-file-read': {
        const piece = content.subarray(position, position + Number(args['count']))
        position += piece.length
        return { return: { count: piece.length, 'buf-b64': piece.toString('base64'), eof: position === content.length } }
      }
      case 'guest-file-write': {
        const piece = Buffer.from(String(args['buf-b64']), 'base64').subarray(0, 40_000)
        written.push(piece)
        return { return: { count: piece.length, eof: false } }
      }
      default:
        return { return: {} }
    }
  }
  const connection = await open()
  const guest = new GuestAgent(connection)
  expect((await guest.readFile('/x', 200_000)).equals(content)).toBe(true)
  position = 0
  await expect(guest.readFile('/x', 100_000)).rejects.toMatchObject({ code: 'unsupported' })
  await guest.writeFile('/y', content)
  expect(Buffer.concat(written).equals(content)).toBe(true)
  expect(agent.requests.filter(({ execute }) => execute === 'guest-file-open')).toHaveLength(3)
  expect(agent.requests.filter(({ execute }) => execute === 'guest-file-close')).toHaveLength(3)
  connection.close()
})

test('shutting down waits for no answer, and the next command is in step again', async () => {
  agent.answer = ({ execute }) => (execute === 'guest-shutdown' ? null : { return: execute })
  const connection = await open()
  await new GuestAgent(connection).shutdown('powerdown')
  expect(await connection.call('guest-ping')).toBe('guest-ping')
  connection.close()
})

test('a command runs through the plain agent: input before, output after', async () => {
  let polls = 0
  agent.answer = ({ execute }) => {
    if (execute === 'guest-exec') return { return: { pid: 42 } }
    polls += 1
    return polls < 3 ? { return: { exited: false } } : { return: { exited: true, exitcode: 3, 'out-data': Buffer.from('out').toString('base64'), 'err-data': Buffer.from('err').toString('base64'), 'err-truncated': true } }
  }
  const connection = await open()
  const session = new AgentExecSession(connection, { argv: ['cat', '-'], env: { A: 'b c' }, cwd: '/tmp' })
  expect(await collectRun(session, { timeoutMs: 5_000, stdin: Buffer.from('input') })).toEqual({ exitStatus: 3, signal: null, stdout: 'out', stderr: 'err', truncated: true })
  expect(agent.requests[0]?.arguments).toEqual({
    path: 'sh',
    arg: ['-c', 'cd -- "$1" || exit 126; shift; exec "$@"', 'sh', '/tmp', 'env', 'A=b c', 'cat', '-'],
    'capture-output': true,
    'input-data': Buffer.from('input').toString('base64'),
  })
  connection.close()
})

test('a program the guest cannot start is not found', async () => {
  agent.answer = () => ({ error: { class: 'GenericError', desc: 'Failed to execute child process' } })
  const connection = await open()
  await expect(collectRun(new AgentExecSession(connection, { argv: ['nope'] }), { timeoutMs: 5_000 })).rejects.toMatchObject({ code: 'not-found', details: { kind: 'program', ref: 'nope' } })
  connection.close()
})

test('a run that takes too long is killed in the guest', async () => {
  agent.answer = ({ execute, arguments: args }) => {
    if (execute === 'guest-exec') return { return: { pid: args['path'] === 'kill' ? 43 : 42 } }
    const isKilled = agent.requests.some((request) => request.arguments['path'] === 'kill')
    return { return: isKilled ? { exited: true, signal: 9 } : { exited: false } }
  }
  const connection = await open()
  const session = new AgentExecSession(connection, { argv: ['sleep', '1000'] })
  await expect(collectRun(session, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'timeout' })
  expect(await session.exited).toEqual({ exitStatus: null, signal: 'SIGKILL' })
  expect(agent.requests.find((request) => request.arguments['path'] === 'kill')?.arguments['arg']).toEqual(['-s', 'KILL', '42'])
  connection.close()
})
