/**
 * The browser face: the pages of `renderer/`, calls and consoles over WebSockets, REST, uploads.
 * Every request is foreign until it has shown otherwise: the name it calls us by, where it comes
 * from, and its session are looked at before anything else (docs/threat-model.md says against whom).
 */
import { createServer as createHttpServer } from 'node:http'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { isIPv6 } from 'node:net'
import type { Duplex } from 'node:stream'
import { errorTable, MayflyError, toErrorRecord } from '../../contract/errors.ts'
import { takeOverPath } from '../../contract/wire/frozen-engine.ts'
import { contentSecurityPolicy, newNonce, pageHeaders } from '../page/content-security.ts'
import type { EngineAccess } from '../page/engine-access.ts'
import { findPageFolder, readPageFile } from '../page/page-files.ts'
import { expected } from '../page/serve-calls.ts'
import { readJsonBody } from '../socket/request-body.ts'
import { AllowedHosts } from './allowed-hosts.ts'
import { loginFiles } from './login-page.ts'
import type { PasswordCheck } from './password.ts'
import { createRest, restPrefix } from './rest.ts'
import { Sessions } from './sessions.ts'
import { askerOf, SlowDown } from './slow-down.ts'
import { Uploads } from './uploads.ts'
import type { UploadRequest } from './uploads.ts'
import { createUpgrades } from './upgrades.ts'
import { assertSameOrigin, assertSession, ownOrigin, readCookie, Refusal } from './who-asks.ts'

export interface WebOptions {
  readonly engine: EngineAccess
  /** 0: any that is free. */
  readonly port: number
  /** Default: 127.0.0.1. Anything but loopback needs `tls` and `password`. */
  readonly address?: string
  readonly tls?: { readonly certificate: string; readonly key: string }
  readonly password?: PasswordCheck
  /** Names other computers call this one by. */
  readonly names?: readonly string[]
  /** Where uploads are put together. */
  readonly uploadsFolder: string
  /** The built pages; default: where this Mayfly has them. */
  readonly pageFolder?: string | undefined
  readonly slowDown?: SlowDown
  /** How often each WebSocket is asked whether its browser is still there. */
  readonly askEveryMs?: number
}

export interface WebServer {
  readonly port: number
  /** `http://127.0.0.1:8006`. */
  readonly origin: string
  /** An address that lets one browser in, once. */
  newAddress(): string
  close(): Promise<void>
}

/** A request and what is known of it. */
interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly path: string
  readonly query: URLSearchParams
  readonly own: string
}

const loopback = new Set(['127.0.0.1', '::1', 'localhost'])

/** Listens. Throws `unsupported` for an address that others reach without TLS and a password, `in-use` where the port is taken. */
export async function serveWeb(options: WebOptions): Promise<WebServer> {
  const { engine, tls, password } = options
  const address = options.address ?? '127.0.0.1'
  const loopbackOnly = loopback.has(address)
  if (!loopbackOnly && (tls === undefined || password === undefined)) {
    throw new MayflyError('unsupported', `${address} can be reached from other computers; that needs TLS and a password.`, { needs: 'TLS and a password', have: tls === undefined ? 'no TLS' : 'no password' })
  }
  const sessions = new Sessions()
  const slowDown = options.slowDown ?? new SlowDown()
  const uploads = new Uploads(options.uploadsFolder, engine)
  const rest = createRest(engine)
  const pageFolder = options.pageFolder ?? findPageFolder()
  const sockets = new Set<Socket>()

  const limits = { requestTimeout: 300_000, headersTimeout: 10_000, keepAliveTimeout: 30_000, maxHeaderSize: 8 * 1024 }
  const onRequest: RequestListener = (request, response) => void answer(request, response)
  const server: Server = tls === undefined ? createHttpServer(limits, onRequest) : createHttpsServer({ ...limits, cert: tls.certificate, key: tls.key, minVersion: 'TLSv1.2' }, onRequest)
  server.maxConnections = 512
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await listen(server, options.port, address)
  const { port } = server.address() as AddressInfo
  const scheme = tls === undefined ? 'http' : 'https'
  const door = {
    hosts: new AllowedHosts({ scheme, port, loopbackOnly, names: options.names ?? [] }),
    sessions,
    // Cookies do not know ports: two servers on this host must not overwrite each other's.
    cookieName: tls === undefined ? `mayfly-${port}` : '__Host-mayfly',
  }
  const upgrades = createUpgrades(engine, (request) => {
    assertSameOrigin(request, ownOrigin(request, door), true)
    assertSession(request, door)
  }, options.askEveryMs)
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => upgrades.upgrade(request, socket, head))

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(pageHeaders)) response.setHeader(name, value)
    response.setHeader('cache-control', 'no-store')
    response.setHeader('content-security-policy', contentSecurityPolicy({ nonce: newNonce() }))
    if (tls !== undefined) response.setHeader('strict-transport-security', 'max-age=31536000')
    try {
      const own = ownOrigin(request, door)
      const [path = '/', query = ''] = (request.url ?? '/').split('?', 2)
      await route({ request, response, path, query: new URLSearchParams(query), own })
    } catch (error) {
      // The rest of a body that is not wanted is not read.
      if (!request.complete) response.setHeader('connection', 'close')
      if (error instanceof Refusal) return sendError(response, error.status, error.error)
      const failure = expected(error, 'answering a browser', engine)
      sendError(response, errorTable[failure.code].httpStatus, failure)
    }
  }

  async function route(exchange: Exchange): Promise<void> {
    const { request, response, path, own } = exchange
    if (path === '/session') return answerSession(exchange)
    if (path.startsWith(`${restPrefix}/`) || path.startsWith('/upload')) {
      assertSameOrigin(request, own, false)
      assertSession(request, door)
      return path.startsWith('/upload') ? answerUpload(exchange) : rest(request, response)
    }
    if (path === takeOverPath && request.method === 'POST') {
      assertSameOrigin(request, own, true)
      assertSession(request, door)
      await engine.takeOver?.()
      return sendJson(response, 200, {})
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') throw noRoute(path)
    const login = loginFiles.get(path)
    if (login !== undefined) return void response.writeHead(200, { 'content-type': login.mediaType }).end(login.body)
    if (!sessions.knowsCookie(readCookie(request, door.cookieName))) {
      if (request.headers['sec-fetch-dest'] === 'document' || path === '/') return void response.writeHead(303, { location: '/login' }).end()
      throw new Refusal(401, 'This browser has no session with Mayfly.')
    }
    return answerPage(exchange)
  }

  async function answerPage({ response, path, own }: Exchange): Promise<void> {
    const file = await readPageFile(pageFolder, path)
    if (file === undefined) throw noRoute(path)
    if (file.nonce !== undefined) response.setHeader('content-security-policy', contentSecurityPolicy({ nonce: file.nonce, connect: [own.replace('http', 'ws')] }))
    if (file.immutable) response.setHeader('cache-control', 'private, max-age=31536000, immutable')
    response.writeHead(200, { 'content-type': file.mediaType }).end(file.body)
  }

  async function answerSession({ request, response, own }: Exchange): Promise<void> {
    assertSameOrigin(request, own, request.method !== 'GET')
    const cookie = readCookie(request, door.cookieName)
    switch (request.method) {
      case 'GET':
        return sendJson(response, 200, { password: password !== undefined, open: sessions.knowsCookie(cookie) })
      case 'POST': {
        await assertProof(await readJsonBody(request), request.socket.remoteAddress ?? '')
        const proof = sessions.begin()
        response.setHeader('set-cookie', `${door.cookieName}=${proof.cookie}; Path=/; HttpOnly; SameSite=Strict${tls === undefined ? '' : '; Secure'}`)
        return sendJson(response, 200, { key: proof.key })
      }
      case 'DELETE':
        assertSession(request, door)
        if (cookie !== undefined) sessions.end(cookie)
        return sendJson(response, 200, {})
      default:
        throw noRoute('/session')
    }
  }

  /** Refuses who brings neither an unused token nor the password. */
  async function assertProof(proof: { readonly token?: unknown; readonly password?: unknown }, from: string): Promise<void> {
    // A token costs nothing to look up, so the right one comes in however many wrong ones do.
    if (typeof proof.token === 'string' && sessions.useToken(proof.token)) return slowDown.wasRight()
    const guess = proof.password
    const isPassword = typeof guess === 'string' && password !== undefined
    switch (await slowDown.examine(isPassword ? askerOf(from) : 'tokens', () => (isPassword ? password.matches(guess) : Promise.resolve(false)))) {
      case 'right':
        return
      case 'wrong':
        throw new Refusal(401, password === undefined ? 'This address was used before, or is not one.' : 'This is not the password.', password === undefined ? 'Press Enter where mayfly serve runs for a new one.' : undefined)
      case 'unseen':
        throw new Refusal(429, 'Too many wrong ones came from there; this one was not looked at.', 'Wait a moment, or open a new address: press Enter where mayfly serve runs.')
    }
  }

  async function answerUpload({ request, response, path, query }: Exchange): Promise<void> {
    if (path === '/upload' && request.method === 'POST') return sendJson(response, 201, await uploads.begin(uploadRequest(await readJsonBody(request))))
    if (path === '/upload' && request.method === 'GET') return sendJson(response, 200, uploads.list())
    const id = path.slice('/upload/'.length)
    switch (request.method) {
      case 'GET':
        return sendJson(response, 200, uploads.show(id))
      case 'PUT':
        return sendJson(response, 200, await uploads.take(id, Number(query.get('offset') ?? Number.NaN), request))
      case 'POST':
        return sendJson(response, 200, await uploads.import(id, await readJsonBody(request)))
      case 'DELETE':
        await uploads.cancel(id)
        return sendJson(response, 200, {})
      default:
        throw noRoute(path)
    }
  }

  const origin = `${scheme}://${isIPv6(address) ? `[${address}]` : address}:${port}`
  return {
    port,
    origin,
    newAddress: () => `${origin}/login#${sessions.issueToken()}`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      slowDown.close()
      upgrades.close()
      for (const socket of sockets) socket.destroy()
      await Promise.all([closed, uploads.close()])
    },
  }
}

function uploadRequest(body: object): UploadRequest {
  const { fileName, name, sizeBytes, modifiedAtMs } = body as Record<string, unknown>
  const isGood = typeof fileName === 'string' && typeof sizeBytes === 'number' && (name === undefined || typeof name === 'string') && (modifiedAtMs === undefined || typeof modifiedAtMs === 'number')
  if (isGood) return { fileName, name, sizeBytes, modifiedAtMs }
  const message = 'An upload is announced with fileName and sizeBytes.'
  throw new MayflyError('invalid-input', message, { issues: [{ path: '', message }] })
}

function noRoute(path: string): MayflyError<'not-found'> {
  return new MayflyError('not-found', 'There is nothing here.', { kind: 'route', ref: path.slice(0, 100) })
}

function sendError(response: ServerResponse, status: number, error: MayflyError): void {
  // An answer that has begun cannot be taken back: break it off, so that it is not taken for whole.
  if (response.headersSent) response.destroy()
  else sendJson(response, status, { error: toErrorRecord(error) })
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

function listen(server: Server, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE'
      reject(taken ? new MayflyError('in-use', `Port ${port} of ${address} is taken by another program.`, { by: [] }, { next: 'Choose another with --port, or 0 for any.' }) : new MayflyError('host-unavailable', `Mayfly cannot listen on port ${port} of ${address}.`, { check: 'serve' }, { cause: error }))
    })
    server.listen(port, address, resolve)
  })
}

