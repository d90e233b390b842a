/**
 * Serves the contract on a unix socket. Whoever can open the socket may do everything its owner
 * may, so nobody else can: the folder is the owner's alone, the file is 0600 before it has its
 * name, and that name appears in one step, when the engine already listens. What comes in is
 * still not trusted: sizes are limited, a slow or broken client costs a connection and no more.
 */
import { chmodSync, lstatSync, renameSync, rmSync, statSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { dirname } from 'node:path'
import type { Duplex } from 'node:stream'
import { RPCHandler } from '@orpc/server/node'
import { contractHash } from '../../contract/contract-hash.generated.ts'
import { errorTable, MayflyError } from '../../contract/errors.ts'
import type { EngineFace, EngineLog } from '../../engine/engine-face.ts'
import { assertSocketPath } from '../../engine/storage/names.ts'
import { joinStreams } from '../../engine/streams/join-streams.ts'
import { toMayflyError, toWireError, withErrors } from '../../engine/wire-error.ts'
import { contractHeader, routes, streamProtocol } from './protocol.ts'
import type { Hello } from './protocol.ts'
import { readJsonBody } from './request-body.ts'

/** Connections at once. Each watcher and console holds one; beyond, new ones are closed. */
const maxConnections = 512
const defaultHalfOpenProbeMs = 10_000
/** Most that end have gone altogether; who else looks is told of it. */
const firstHalfOpenProbeMs = 20
/** How long answers that are under way may take once the server closes. */
const closeGraceMs = 500

interface SocketServerOptions {
  readonly face: EngineFace
  readonly path: string
  readonly identity: Omit<Hello, 'contract'>
  readonly log: EngineLog
  /** Called when a client asks the engine to end. Throws where the holder would rather not. */
  readonly onShutdown: () => void
  /** Called with the number of connections whenever it changes. */
  readonly onConnections?: (count: number) => void
  /** A client that half-closed is asked, with an empty write, whether it is still there: soon, and then less and less often, down to this. */
  readonly halfOpenProbeMs?: number
}

export interface SocketServer {
  /** Connections now, upgraded ones included. */
  readonly connections: number
  /** Stops listening, lets short answers out, ends the rest. The socket is removed if it is still this server's. */
  close(): Promise<void>
}

/**
 * Listens on `path`, replacing a dead socket there. The caller holds the engine's lock, so
 * nobody else listens. Throws `host-unavailable` for a path that is too long or a folder that others may enter.
 */
export async function serveSocket(options: SocketServerOptions): Promise<SocketServer> {
  const { path } = options
  const birthPath = `${path}.new`
  assertSocketPath(birthPath)
  assertPrivateFolder(dirname(path))
  const connections = new Set<Socket>()
  const server = createServer({
    // A request must arrive whole within this time; answers may take as long as they take.
    requestTimeout: 30_000,
    headersTimeout: 10_000,
    // Idle clients are kept: a deadline here would race with a client that calls just then.
    keepAliveTimeout: 0,
    maxHeaderSize: 8 * 1024,
  })
  server.maxConnections = maxConnections
  server.on('connection', (socket) => {
    connections.add(socket)
    options.onConnections?.(connections.size)
    socket.once('close', () => {
      connections.delete(socket)
      options.onConnections?.(connections.size)
    })
  })
  answerRequests(server, options)
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => void upgrade(options, request, socket, head))

  rmSync(birthPath, { force: true })
  await listen(server, birthPath)
  // Changing the umask instead would reach files other threads create meanwhile.
  chmodSync(birthPath, 0o600)
  const { ino, dev } = statSync(birthPath)
  renameSync(birthPath, path)

  return {
    get connections() {
      return connections.size
    },
    close: async () => {
      const present = statSync(path, { throwIfNoEntry: false })
      if (present !== undefined && present.ino === ino && present.dev === dev) rmSync(path, { force: true })
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      const grace = setTimeout(() => {
        for (const socket of connections) socket.destroy()
      }, closeGraceMs)
      await closed
      clearTimeout(grace)
      await Promise.all([...connections].map((socket) => once(socket.destroy(), 'close')))
    },
  }
}

function assertPrivateFolder(folder: string): void {
  const { uid, mode } = lstatSync(folder)
  if (uid === process.getuid?.() && (mode & 0o022) === 0) return
  throw new MayflyError('host-unavailable', `Others may write to ${folder}, where the engine's socket belongs.`, { check: 'runtime-folder' }, { next: `Run chmod 700 ${folder}.` })
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function answerRequests(server: Server, options: SocketServerOptions): void {
  const { face, log, identity } = options
  const rpc = new RPCHandler(face.router, {
    // The kernel tells when a local client is gone; comments every five seconds would only wake it.
    eventIteratorKeepAliveEnabled: false,
    clientInterceptors: [
      (call) => withErrors(() => call.next(), (error) => toWireError(toMayflyError(error, { procedure: call.path.join('.'), signal: call.signal, log }))),
    ],
    interceptors: [
      // Calls fail with errors of the contract (above); anything else is input that does not decode.
      (call) => withErrors(() => call.next(), (error) => (isWireError(error) ? error : toWireError(notARequest(call.request.url.pathname)))),
    ],
  })

  server.on('request', (request, response) => {
    response.setHeader(contractHeader, contractHash)
    void answer(request, response).catch((error: unknown) => {
      if (response.destroyed) return
      sendError(response, toMayflyError(error, { procedure: request.url ?? '', log }))
    })
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = '/', method } = request
    if (url === routes.hello && method === 'GET') return sendJson(response, 200, { ...identity, contract: contractHash } satisfies Hello)
    if (url === routes.shutdown && method === 'POST') {
      options.onShutdown()
      return sendJson(response, 200, { pid: identity.pid })
    }
    if (!url.startsWith(`${routes.rpc}/`) || method !== 'POST') {
      throw new MayflyError('not-found', `There is nothing at ${url.slice(0, 100)}.`, { kind: 'route', ref: url.slice(0, 100) })
    }
    if (!isOurContract(request)) return sendJson(response, 409, { contract: contractHash })
    Object.assign(request, { body: await readJsonBody(request) })
    const { matched } = await rpc.handle(request, response, { prefix: routes.rpc, context: {} })
    if (!matched) throw new MayflyError('not-found', `There is no procedure ${url.slice(0, 100)}.`, { kind: 'procedure', ref: url.slice(0, 100) })
  }
}

function isWireError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && Object.hasOwn(errorTable, error.code)
}

function notARequest(what: string): MayflyError<'invalid-input'> {
  return new MayflyError('invalid-input', `What was sent to ${what} is not a call.`, { issues: [{ path: '', message: 'This is not a call.' }] })
}

async function upgrade(options: SocketServerOptions, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  socket.on('error', () => socket.destroy())
  try {
    const { url = '', method } = request
    if (method !== 'GET' || !url.startsWith(routes.stream) || request.headers.upgrade?.toLowerCase() !== streamProtocol) {
      throw new MayflyError('not-found', 'There is no stream of this kind here.', { kind: 'route', ref: 'upgrade' })
    }
    if (!isOurContract(request)) return refuse(socket, 409, { contract: contractHash })
    const stream = await options.face.streams.open(url.slice(routes.stream.length))
    if (socket.destroyed) {
      stream.destroy()
      return
    }
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${streamProtocol}\r\n${contractHeader}: ${contractHash}\r\n\r\n`)
    if (head.length > 0) socket.unshift(head)
    joinStreams(socket, stream)
    probeWhileHalfOpen(socket, options.halfOpenProbeMs ?? defaultHalfOpenProbeMs)
  } catch (error) {
    const expected = toMayflyError(error, { procedure: 'stream', log: options.log })
    refuse(socket, errorTable[expected.code].httpStatus, wireBody(expected))
  }
}

/**
 * A peer that closed altogether looks like one that only half-closed until something is written.
 * An empty write tells them apart: the kernel refuses it where nobody could read any more.
 */
function probeWhileHalfOpen(socket: Duplex, mostMs: number): void {
  socket.once('end', () => {
    let waitMs = Math.min(firstHalfOpenProbeMs, mostMs)
    const probe = (): void => {
      if (socket.writableEnded) return
      socket.write(Buffer.alloc(0))
      waitMs = Math.min(2 * waitMs, mostMs)
      timer = setTimeout(probe, waitMs).unref()
    }
    let timer = setTimeout(probe, waitMs).unref()
    socket.once('close', () => clearTimeout(timer))
  })
}

function isOurContract(request: IncomingMessage): boolean {
  return request.headers[contractHeader] === contractHash
}

function wireBody(error: MayflyError): unknown {
  return { json: toWireError(error).toJSON() }
}

function sendError(response: ServerResponse, error: MayflyError): void {
  // An answer that has begun cannot be taken back: break it off, so that it is not taken for whole.
  if (response.headersSent) response.destroy()
  else sendJson(response, errorTable[error.code].httpStatus, wireBody(error))
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

function refuse(socket: Duplex, status: number, value: unknown): void {
  const body = JSON.stringify(value)
  socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${contractHeader}: ${contractHash}\r\n\r\n${body}`)
  // The client has what it needs; one that does not close is not waited for.
  socket.once('finish', () => socket.destroy())
}
