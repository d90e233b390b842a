import { mkdtemp, rm } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:http'
import { createServer as createRawServer } from 'node:net'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { contractHash } from '../../contract/contract-hash.generated.ts'
import { connectEngine, OtherEngineError } from './client.ts'
import { contractHeader } from './protocol.ts'
import { isNobodyThere } from './wire-failure.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function socketPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mayfly-client-'))
  cleanups.push(() => rm(folder, { recursive: true }))
  return join(folder, 'engine.sock')
}

/** A scripted peer in the engine's place. */
async function against(server: Server) {
  const path = await socketPath()
  await new Promise<void>((resolve) => server.listen(path, resolve))
  const connection = connectEngine(path)
  cleanups.push(() => new Promise((resolve) => server.close(resolve)), () => connection.close())
  return connection
}

const answering = (listener: RequestListener) =>
  against(
    createServer((request, response) => {
      response.setHeader(contractHeader, contractHash)
      listener(request, response)
    }),
  )

const gone = { code: 'host-unavailable', details: { check: 'engine' } }

test('where nobody listens, calls and streams say so', async () => {
  const connection = connectEngine(await socketPath())
  cleanups.push(() => connection.close())
  const failure: unknown = await connection.client.machine.list({}).catch((error: unknown) => error)
  expect(failure).toMatchObject(gone)
  expect(isNobodyThere(failure)).toBe(true)
  await expect(connection.openStream('A'.repeat(32))).rejects.toMatchObject(gone)
})

test('an engine that goes away in the middle is not taken for one that is not there', async () => {
  const connection = await against(createRawServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"js'))))
  const failure: unknown = await connection.hello({ timeoutMs: 5000 }).catch((error: unknown) => error)
  expect(failure).toMatchObject(gone)
  expect(isNobodyThere(failure)).toBe(false)
})

test('an engine that accepts and says nothing is timed out', async () => {
  const connection = await against(createRawServer((socket) => cleanups.push(() => socket.destroy())))
  await expect(connection.hello({ timeoutMs: 30 })).rejects.toMatchObject({ code: 'timeout', details: { waitedMs: 30 } })
})

test('something else that listens is not taken for an engine', async () => {
  const bodies = ['{}', '[]', '{"version":"1","contract":"x","pid":"1","holder":"cli"}']
  const connection = await answering((_request, response) => response.end(bodies.shift()))
  for (let index = 0; index < 3; index++) await expect(connection.hello({ timeoutMs: 5000 })).rejects.toMatchObject(gone)
})

test('an engine of another version is recognised by every call', async () => {
  const connection = await against(
    createServer((_request, response) => {
      response.setHeader(contractHeader, 'another')
      response.writeHead(409).end('{"contract":"another"}')
    }),
  )
  await expect(connection.client.machine.list({})).rejects.toBeInstanceOf(OtherEngineError)
  await expect(connection.openStream('A'.repeat(32))).rejects.toBeInstanceOf(OtherEngineError)
})

test('answers that are none become errors, never values', async () => {
  const bodies = ['', 'not JSON', '[]', '{"json":{"code":"no-such-code","message":"x","data":{"details":{},"next":null}}}', '{"json":{"code":"conflict","message":5}}']
  const connection = await answering((_request, response) => response.writeHead(500).end(bodies.shift()))
  for (const code of ['bug', 'host-unavailable', 'bug', 'bug', 'bug']) {
    await expect(connection.client.machine.list({})).rejects.toMatchObject({ code })
  }
})

test('events that break off or do not parse are errors', async () => {
  const bodies = ['event: message\ndata: {"json":1}\n\nevent: message\nda', 'event: message\ndata: {"json":1}\n\nevent: message\ndata: {torn\n\n']
  const connection = await answering((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(bodies.shift(), () => response.destroy())
  })
  for (let index = 0; index < 2; index++) {
    const events = await connection.client.events.watch({})
    expect(await events.next()).toEqual({ done: false, value: 1 })
    await expect(events.next()).rejects.toMatchObject(gone)
  }
})
