import { chmod, lstat, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import { afterEach, expect, test } from 'vitest'
import { contractHash } from '../../contract/contract-hash.generated.ts'
import { MayflyError } from '../../contract/errors.ts'
import { LogInMemory, SyntheticEngine } from '../../e2e/conformance/synthetic-engine.ts'
import { until } from '../../e2e/conformance/until.ts'
import { connectEngine } from './client.ts'
import { contractHeader } from './protocol.ts'
import { serveSocket } from './server.ts'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mayfly-server-'))
  cleanups.push(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function serve(options: Partial<Parameters<typeof serveSocket>[0]> = {}) {
  const path = options.path ?? join(await makeFolder(), 'engine.sock')
  const engine = new SyntheticEngine()
  const log = new LogInMemory()
  const server = await serveSocket({ face: engine, path, identity: { version: '1.2.3', pid: process.pid, holder: 'test' }, log, onShutdown: () => undefined, ...options })
  const connection = connectEngine(path)
  cleanups.push(async () => {
    await engine.close()
    await connection.close()
    await server.close()
  })
  return { path, engine, log, server, connection }
}

/** Sends bytes as they are; answers with all that comes back until the connection ends. */
function sendRaw(path: string, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(path, () => socket.write(bytes))
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk))
    socket.on('error', () => undefined).on('close', () => resolve(answer))
  })
}

function post(socketPath: string, path: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<{ status: number | undefined; value: unknown }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ socketPath, path, method: 'POST', headers: { 'content-type': 'application/json', [contractHeader]: contractHash, ...headers } }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk)).on('end', () => resolve({ status: response.statusCode, value: JSON.parse(text) }))
    })
    request.on('error', reject).end(body)
  })
}

test('the socket is its owner\'s alone, and takes the place of a dead one', async () => {
  const path = join(await makeFolder(), 'engine.sock')
  await writeFile(path, 'what a crash left')
  const { connection } = await serve({ path })
  expect((await lstat(path)).mode & 0o777).toBe(0o600)
  expect(await connection.hello({ timeoutMs: 5000 })).toEqual({ version: '1.2.3', pid: process.pid, holder: 'test', contract: contractHash })
})

test('closing removes the socket, but not one that somebody else put there since', async () => {
  const folder = await makeFolder()
  const path = join(folder, 'engine.sock')
  const first = await serve({ path })
  const second = await serve({ path })
  await first.server.close()
  expect(await second.connection.hello({ timeoutMs: 5000 })).toMatchObject({ version: '1.2.3' })
  await second.server.close()
  expect(await readdir(folder)).toEqual([])
})

test('a folder that others may write to is refused, and so is a path no socket can have', async () => {
  const folder = await makeFolder()
  await chmod(folder, 0o770)
  await expect(serve({ path: join(folder, 'engine.sock') })).rejects.toMatchObject({ code: 'host-unavailable', details: { check: 'runtime-folder' } })
  await expect(serve({ path: join(folder, 'x'.repeat(120)) })).rejects.toMatchObject({ code: 'host-unavailable' })
})

test('what is not a call is refused, and the engine goes on', async () => {
  const { path, connection, engine, log } = await serve()
  const call = '/rpc/machine/create'
  const refused = { status: 400, value: { json: { code: 'invalid-input' } } }
  expect(await post(path, call, '{"json":{"name":')).toMatchObject(refused)
  expect(await post(path, call, '[]')).toMatchObject(refused)
  expect(await post(path, call, 'null')).toMatchObject(refused)
  expect(await post(path, call, '')).toMatchObject(refused)
  expect(await post(path, call, '{}', { 'content-type': 'multipart/form-data; boundary=x' })).toMatchObject(refused)
  expect(await post(path, call, '{"json":{},"meta":[[0,"no","such","place"]]}')).toMatchObject(refused)
  expect(await post(path, call, '{"json":{"name":"x"},"meta":7}')).toMatchObject(refused)
  expect(await post(path, call, Buffer.alloc(9 * 1024 * 1024, ' '))).toMatchObject(refused)
  expect(await post(path, call, Buffer.alloc(9 * 1024 * 1024, ' '), { 'transfer-encoding': 'chunked' })).toMatchObject(refused)
  expect(await post(path, '/rpc/machine/nothing', '{}')).toMatchObject({ status: 404, value: { json: { code: 'not-found', data: { details: { kind: 'procedure' } } } } })
  expect(await post(path, '/rpc/constructor', '{}')).toMatchObject({ status: 404 })
  expect(await post(path, '/', '{}')).toMatchObject({ status: 404 })
  expect(await sendRaw(path, 'this is not HTTP\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /)
  expect(await sendRaw(path, Buffer.from([0x16, 0x03, 0x01, 0x00, 0xff]))).toMatch(/^HTTP\/1.1 400 /)
  expect(await sendRaw(path, `GET / HTTP/1.1\r\nHost: x\r\nLong: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431 /)
  expect(await sendRaw(path, 'GET /stream/x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')).toMatch(/^HTTP\/1.1 404 /)
  expect(engine.created).toEqual([])
  expect(log.bugs).toEqual([])
  expect(await connection.client.machine.list({})).toHaveLength(500)
})

test('connections that break off anywhere leave nothing', async () => {
  const { path, server, connection } = await serve()
  const whole = `POST /rpc/machine/wait HTTP/1.1\r\nHost: x\r\n${contractHeader}: ${contractHash}\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n{"json":{"machine":"web","for":"agent"}}`
  for (let length = 0; length <= whole.length; length += 20) {
    await new Promise<void>((resolve) => {
      const socket = connect(path, () => socket.write(whole.slice(0, length), () => socket.destroy()))
      socket.on('close', () => resolve())
    })
  }
  await until(() => server.connections === 0, 'all connections are gone')
  expect(await connection.client.machine.list({})).toHaveLength(500)
})

test('a client of another contract is turned away, from calls and streams, but may ask for the end', async () => {
  let asked = 0
  const { path, engine } = await serve({ onShutdown: () => asked++ })
  const { ticket } = engine.streams.issue('bytes', () => duplexPair()[0])
  expect(await post(path, '/rpc/machine/list', '{"json":{}}', { [contractHeader]: 'older' })).toEqual({ status: 409, value: { contract: contractHash } })
  expect(await sendRaw(path, `GET /stream/${ticket} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: mayfly-stream\r\n${contractHeader}: older\r\n\r\n`)).toMatch(/^HTTP\/1.1 409 /)
  expect(await post(path, '/shutdown', '', { [contractHeader]: 'older' })).toEqual({ status: 200, value: { pid: process.pid } })
  expect(asked).toBe(1)
})

test('a holder that does not want to end says so', async () => {
  const { connection } = await serve({
    onShutdown: () => {
      throw new MayflyError('in-use', 'The window is open.', { by: ['window'] })
    },
  })
  await expect(connection.shutdown()).rejects.toMatchObject({ code: 'in-use', details: { by: ['window'] } })
})

test('a client that ended sending and then went away is noticed though nothing is written', async () => {
  const { engine, server, connection } = await serve({ halfOpenProbeMs: 20 })
  const [handedOut, engineSide] = duplexPair()
  const stream = await connection.openStream(engine.streams.issue('bytes', () => handedOut).ticket)
  engineSide.on('error', () => undefined).resume()
  stream.on('error', () => undefined).end('last words')
  await until(() => engineSide.readableEnded, 'the engine heard the end')
  expect(server.connections).toBe(1)
  stream.destroy()
  await until(() => server.connections === 0, 'the connection is gone')
})

test('closing ends calls, events and streams under way, and tells the clients', async () => {
  const { engine, server, connection } = await serve()
  const [handedOut, engineSide] = duplexPair()
  engineSide.on('error', () => undefined)
  const stream = await connection.openStream(engine.streams.issue('bytes', () => handedOut).ticket)
  stream.on('error', () => undefined).resume()
  const events = await connection.client.events.watch({})
  await events.next()
  const outcomes = Promise.allSettled([connection.client.machine.wait({ machine: 'web', for: 'agent' }), Promise.resolve(events.next())])
  await until(() => engine.waiting === 1, 'the call is under way')
  await server.close()
  const gone = { status: 'rejected', reason: { code: 'host-unavailable', details: { check: 'engine' } } }
  expect(await outcomes).toMatchObject([gone, gone])
  await until(() => stream.readableEnded || stream.destroyed, 'the stream ended')
  stream.destroy()
  expect(server.connections).toBe(0)
})
