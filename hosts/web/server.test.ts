import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { duplexPair } from 'node:stream'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sessionKeyHeader } from '../../contract/wire/browser-session.ts'
import { LogInMemory, SyntheticEngine } from '../../e2e/conformance/synthetic-engine.ts'
import { until } from '../../e2e/conformance/until.ts'
import { connectInProcess } from '../../engine/in-process.ts'
import { lastingEngine } from '../page/engine-access.ts'
import { enter, openSocket } from './browser.fixture.ts'
import type { Entered } from './browser.fixture.ts'
import { openBrowser } from './open-browser.ts'
import { keepPassword, readPassword } from './password.ts'
import { serveWeb } from './server.ts'
import type { WebServer } from './server.ts'
import { askerOf, SlowDown } from './slow-down.ts'
import { testCertificate } from './test-certificate.fixture.ts'

let folder: string
let engine: SyntheticEngine
let log: LogInMemory
let server: WebServer
let browser: Entered
const slowDown = new SlowDown({ firstDelayMs: 1, longestDelayMs: 4 })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-web-'))
  await mkdir(join(folder, 'pages', 'assets'), { recursive: true })
  await writeFile(join(folder, 'secret.js'), 'secret')
  await writeFile(join(folder, 'pages', 'index.html'), '<html><script src="/assets/app.js" nonce="__MAYFLY_NONCE__"></script>')
  await writeFile(join(folder, 'pages', 'assets', 'app.js'), 'app()')
  await symlink(join(folder, 'secret.js'), join(folder, 'pages', 'assets', 'leads-out.js'))
  engine = new SyntheticEngine()
  log = new LogInMemory()
  server = await serveWeb({ engine: lastingEngine(connectInProcess(engine, log), log), port: 0, uploadsFolder: join(folder, 'uploads'), pageFolder: join(folder, 'pages'), slowDown })
  browser = await enter(server)
})

afterEach(async () => {
  await server.close()
  await engine.close()
  await rm(folder, { recursive: true })
})

interface Answer {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: string
}

/** A request with exactly these headers, which fetch would not send. */
function ask(path: string, options: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string | Buffer } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = options
    const request = httpRequest({ host: '127.0.0.1', port: server.port, path, method, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
    })
    request.on('error', reject)
    request.end(body)
  })
}

const json = { 'content-type': 'application/json' }
const list = (headers: Record<string, string>) => ask('/api/machine/list', { method: 'POST', headers: { ...json, ...headers }, body: '{}' })
const stillServes = async () => expect((await list(browser.headers)).status).toBe(200)

test('an address lets one browser in, once', async () => {
  const token = new URL(server.newAddress()).hash.slice(1)
  const use = () => ask('/session', { method: 'POST', headers: { ...json, origin: server.origin }, body: JSON.stringify({ token }) })
  const first = await use()
  expect(first.status).toBe(200)
  expect(first.headers['set-cookie']).toEqual([expect.stringMatching(/^mayfly-\d+=[\w-]{32}; Path=\/; HttpOnly; SameSite=Strict$/)])
  const second = await use()
  expect({ status: second.status, cookie: second.headers['set-cookie'] }).toEqual({ status: 401, cookie: undefined })
})

test.each([['wrong', { token: 'A'.repeat(32) }], ['empty', { token: '' }], ['a list', { token: ['x'] }], ['absent', {}], ['a password where none is kept', { password: 'x' }]])('a token that is %s is refused', async (_what, proof) => {
  expect((await ask('/session', { method: 'POST', headers: { ...json, origin: server.origin }, body: JSON.stringify(proof) })).status).toBe(401)
})

test('a page of another origin cannot use a token', async () => {
  const token = new URL(server.newAddress()).hash.slice(1)
  const refused = [{}, { origin: 'http://evil.example' }, { origin: 'null' }, { origin: 'http://127.0.0.1:1' }, { origin: server.origin, 'sec-fetch-site': 'same-site' }]
  for (const headers of refused) expect((await ask('/session', { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify({ token }) })).status).toBe(403)
})

test('each wrong attempt takes longer; checks take turns; who floods fills no place but the own', async () => {
  const slow = new SlowDown({ firstDelayMs: 10, longestDelayMs: 60_000, atOnce: 3 })
  let [checking, most] = [0, 0]
  const check = (isRight: boolean) => async () => {
    most = Math.max(most, ++checking)
    await new Promise((resolve) => setImmediate(resolve))
    checking--
    return isRight
  }
  const flood = Array.from({ length: 20 }, () => slow.examine('10.0.0.6', check(false)))
  expect(await Promise.all(flood.slice(3))).toEqual(Array(17).fill('unseen'))
  await until(() => slow.nextDelayMs === 80, 'three were checked')
  expect([await slow.examine('10.0.0.6', check(true)), await slow.examine('10.0.0.7', check(true)), most, slow.nextDelayMs]).toEqual(['unseen', 'right', 1, 10])
  slow.close()
  expect(await Promise.all(flood.slice(0, 3))).toEqual(['wrong', 'wrong', 'wrong'])
  await expect(slow.examine('10.0.0.6', () => Promise.reject(new Error('no memory')))).rejects.toThrow('no memory')
  expect(await slow.examine('10.0.0.6', check(true))).toBe('right')
})

test.each([['192.168.1.5', '192.168.1.5'], ['::ffff:192.168.1.5', '::ffff:192.168.1.5'], ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'], ['2001:db8::1', '2001:db8:0:0'], ['fe80::1:2:3:4:5', 'fe80:0:0:1'], ['::1', '0:0:0:0']])('the asker at %s is %s', (address, asker) => {
  expect(askerOf(address)).toBe(asker)
})

test('a flood of wrong tokens keeps nobody outside who has the right one', async () => {
  const patient = new SlowDown({ firstDelayMs: 60_000, longestDelayMs: 60_000 })
  await server.close()
  server = await serveWeb({ engine: lastingEngine(connectInProcess(engine, log), log), port: 0, uploadsFolder: join(folder, 'uploads'), pageFolder: join(folder, 'pages'), slowDown: patient })
  const use = (token: string) => ask('/session', { method: 'POST', headers: { ...json, origin: server.origin }, body: JSON.stringify({ token }) })
  const flood = Array.from({ length: 30 }, () => use('A'.repeat(32)).then(({ status }) => status))
  expect(await Promise.race(flood)).toBe(429)
  expect((await use(new URL(server.newAddress()).hash.slice(1))).status).toBe(200)
  patient.close()
  expect((await Promise.all(flood)).filter((status) => status === 401)).toHaveLength(4)
})

test('nothing but the login page is shown without a session', async () => {
  for (const path of ['/assets/app.js', '/favicon.ico', '/machines/web']) expect([path, (await ask(path)).status]).toEqual([path, 401])
  expect(await ask('/')).toMatchObject({ status: 303, headers: { location: '/login' } })
  expect((await ask('/login')).status).toBe(200)
})

test('cookie and key are both needed, and must be of one session', async () => {
  const other = await enter(server)
  const { origin, cookie, key } = browser
  const refused = [
    {}, { cookie }, { [sessionKeyHeader]: key }, { cookie, [sessionKeyHeader]: other.key }, { cookie: other.cookie, [sessionKeyHeader]: key },
    { cookie: `${cookie}x`, [sessionKeyHeader]: key }, { cookie: `${cookie}; ${other.cookie}`, [sessionKeyHeader]: key }, { cookie, [sessionKeyHeader]: '' },
  ]
  for (const headers of refused) expect((await list({ origin, ...headers })).status).toBe(401)
  expect((await list({ origin, cookie, [sessionKeyHeader]: key })).status).toBe(200)
})

test('a session that was ended is over', async () => {
  expect((await ask('/session', { method: 'DELETE', headers: browser.headers })).status).toBe(200)
  expect((await list(browser.headers)).status).toBe(401)
})

test.each(['evil.example', 'evil.example:{port}', '127.0.0.1.evil.example:{port}', 'localhost.evil.example:{port}', '127.0.0.1', '127.0.0.1:1', '10.0.2.2:{port}', '0.0.0.0:{port}', '[::1', 'a b'])('the name %j is not ours: no DNS rebinding', async (name) => {
  const host = name.replace('{port}', String(server.port))
  for (const path of ['/', '/login', '/session', '/api/machine/list', '/assets/app.js']) {
    expect((await ask(path, { headers: { ...browser.headers, host } })).status).toBeGreaterThanOrEqual(400)
  }
  await expect(openSocket(browser, '/rpc', { host, origin: `http://${host}` })).rejects.toThrow(/refused with 4/)
})

test('the loopback by its names is ours', async () => {
  for (const name of ['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]']) expect((await ask('/login', { headers: { host: `${name}:${server.port}` } })).status).toBe(200)
})

test('pages of other origins cannot call, even with a session', async () => {
  for (const origin of ['http://evil.example', 'null', `http://127.0.0.1:${server.port + 1}`, `https://127.0.0.1:${server.port}`]) expect((await list({ ...browser.headers, origin })).status).toBe(403)
  expect((await list({ ...browser.headers, 'sec-fetch-site': 'cross-site' })).status).toBe(403)
  expect((await ask('/api/machine/list', { method: 'OPTIONS', headers: { origin: 'http://evil.example', 'access-control-request-method': 'POST' } })).headers['access-control-allow-origin']).toBeUndefined()
})

test.each([
  ['no origin', { origin: undefined }],
  ['another origin', { origin: 'http://evil.example' }],
  ['no cookie', { cookie: undefined }],
  ['a wrong cookie', { cookie: 'mayfly-1=x' }],
  ['no key', { key: undefined }],
  ['a wrong key', { key: 'A'.repeat(32) }],
])('a WebSocket with %s is refused', async (_what, differently) => {
  for (const path of ['/rpc', `/stream/${'A'.repeat(32)}`]) await expect(openSocket(browser, path, differently)).rejects.toThrow(/refused with 40[13]/)
  await stillServes()
})

test('WebSockets lead to calls and streams and nowhere else', async () => {
  for (const path of ['/', '/api/machine/list', '/stream/../rpc/x', '/rpc/x', `/stream/${'A'.repeat(65)}`, '/stream/%2e%2e']) await expect(openSocket(browser, path)).rejects.toThrow('refused with 404')
})

test('a ticket is good for one WebSocket', async () => {
  const [handedOut, engineSide] = duplexPair()
  const { ticket } = engine.streams.issue('bytes', () => handedOut)
  const first = await openSocket(browser, `/stream/${ticket}`)
  await until(() => !('error' in handedOut) || first.readyState === first.OPEN, 'it is open')
  const replayed: string[] = []
  const second = await openSocket(browser, `/stream/${ticket}`, {}, (data) => replayed.push(data.toString()))
  await once(second, 'close')
  expect(replayed.map((text) => JSON.parse(text) as unknown)).toMatchObject([{ error: { code: 'not-found' } }])
  first.terminate()
  engineSide.on('error', () => undefined).destroy()
})

test('a browser that went away without a word is found out, one that is there stays', async () => {
  await server.close()
  server = await serveWeb({ engine: lastingEngine(connectInProcess(engine, log), log), port: 0, uploadsFolder: join(folder, 'uploads'), pageFolder: join(folder, 'pages'), askEveryMs: 100 })
  browser = await enter(server)
  const [gone, there] = [await openSocket(browser, '/rpc'), await openSocket(browser, '/rpc')]
  // The library keeps it to itself, and nothing else of it can fall silent without closing.
  const raw = Reflect.get(gone, '_socket') as Socket
  raw.pause()
  let asked = 0
  there.on('ping', () => asked++)
  await until(() => asked >= 5, 'both were asked several times')
  expect(there.readyState).toBe(there.OPEN)
  raw.resume()
  await once(gone, 'close')
  there.terminate()
})

const hostileMessages: readonly [what: string, message: string | Buffer][] = [
  ['not JSON', 'hello'],
  ['a list', '[]'],
  ['another kind', '{"kind":"eval","id":1}'],
  ['no id', '{"kind":"call","path":"machine.list"}'],
  ['an id that is no number', '{"kind":"call","id":"__proto__","path":"machine.list"}'],
  ['binary', Buffer.from([1, 2, 3])],
  ['more room than there can be', '{"kind":"pull","id":1,"count":1e9}'],
  ['a long name', JSON.stringify({ kind: 'call', id: 1, path: 'x'.repeat(1000) })],
  ['too large', `{"kind":"call","id":1,"path":"machine.list","input":"${'x'.repeat(9 * 1024 * 1024)}"}`],
]
test.each(hostileMessages)('a message that is %s costs its sender the connection and nobody else anything', async (_what, message) => {
  const socket = await openSocket(browser, '/rpc')
  socket.on('error', () => undefined)
  socket.send(message)
  await once(socket, 'close')
  await stillServes()
  expect(log.bugs).toEqual([])
})

test.each(['constructor', '__proto__', 'machine', 'machine.list.handler', 'machine.__proto__.list', 'toString', '~orpc', ''])('the name %j is no procedure', async (path) => {
  const answers: string[] = []
  const socket = await openSocket(browser, '/rpc', {}, (data) => answers.push(data.toString()))
  socket.send(JSON.stringify({ kind: 'call', id: 1, path, input: {} }))
  await until(() => answers.length === 1, 'it was answered')
  expect(JSON.parse(answers[0] ?? '')).toMatchObject({ kind: 'failed', error: { code: 'not-found' } })
  socket.terminate()
})

const hostileControls: readonly [what: string, message: string | Buffer][] = [
  ['more bytes than it was given room for', Buffer.alloc(65 * 1024)],
  ['room beyond what anybody may have', '{"credit":8388608}'],
  ['room below nothing', '{"credit":-1}'],
  ['room that is no number', '{"credit":"1e9"}'],
  ['no control', 'x'],
  ['an endless control', ' '.repeat(65_000)],
]
test.each(hostileControls)('a stream whose page sends %s ends', async (_what, message) => {
  const [handedOut, engineSide] = duplexPair()
  const { ticket } = engine.streams.issue('bytes', () => handedOut)
  const socket = await openSocket(browser, `/stream/${ticket}`)
  socket.on('error', () => undefined)
  socket.send(message)
  await once(socket, 'close')
  await until(() => handedOut.destroyed, 'the engine let go')
  engineSide.on('error', () => undefined).destroy()
  await stillServes()
})

test('torn and foreign frames end their connection only', async () => {
  for (const bytes of ['\x00\x01\x02\x03', 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`, `POST /session HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nContent-Length: 99999999999\r\n\r\n`]) {
    const socket = connect(server.port, '127.0.0.1')
    socket.on('error', () => undefined).end(bytes)
    socket.resume()
    await once(socket, 'close')
  }
  const socket = await openSocket(browser, '/rpc')
  const raw = Reflect.get(socket, '_socket') as { write(bytes: Buffer): void }
  socket.on('error', () => undefined)
  // A reserved opcode, not masked.
  raw.write(Buffer.from([0xff, 0xff, 0xff, 0xff]))
  await once(socket, 'close')
  await stillServes()
})

test.each(['/../secret.js', '/assets/../../secret.js', '/assets/..%2f..%2fsecret.js', '/%2e%2e/secret.js', '/assets/..\\..\\secret.js', '/assets/%00.js', '/assets/leads-out.js', '//etc/passwd.txt', '/assets/%', '/.git/config.json'])('%s does not lead out of the pages', async (path) => {
  const answer = await ask(path, { headers: browser.headers })
  expect(answer.body).not.toContain('secret\n')
  expect([answer.status, answer.body === 'secret']).toEqual([404, false])
})

test('pages come with a policy that lets nothing inline run, and a nonce that is new each time', async () => {
  const [first, second] = [await ask('/', { headers: browser.headers }), await ask('/machines/web', { headers: browser.headers })]
  const nonces = [first, second].map(({ body }) => /nonce="([^"]{20,})"/.exec(body)?.[1] ?? '')
  expect(nonces[0]).not.toBe(nonces[1])
  expect(first.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cross-origin-opener-policy': 'same-origin', 'cross-origin-resource-policy': 'same-origin', 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' })
  const policy = String(first.headers['content-security-policy'])
  expect(policy).toContain(`style-src 'self' 'nonce-${nonces[0]}';`)
  expect(policy).toContain("script-src 'self';")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).not.toContain('unsafe')
  expect(policy).not.toContain('*')
  for (const path of ['/login', '/login.js', '/assets/app.js', '/none.js', '/api/openapi.json']) {
    expect(String((await ask(path, { headers: browser.headers })).headers['content-security-policy'])).not.toMatch(/unsafe|\*/)
  }
})

test('calls over REST answer and fail as the contract says', async () => {
  expect(JSON.parse((await list(browser.headers)).body)).toHaveLength(500)
  const show = await ask('/api/machine/show', { method: 'POST', headers: { ...browser.headers, ...json }, body: '{"machine":"conflict"}' })
  expect({ status: show.status, body: JSON.parse(show.body) as unknown }).toMatchObject({ status: 409, body: { error: { code: 'conflict', details: { state: 'running' }, next: 'What to do about conflict.', retryable: true } } })
  const bad = await ask('/api/machine/create', { method: 'POST', headers: { ...browser.headers, ...json }, body: '{"name":"x","evil":1}' })
  expect({ status: bad.status, body: JSON.parse(bad.body) as unknown }).toMatchObject({ status: 400, body: { error: { code: 'invalid-input', details: { issues: [{ path: 'evil' }] } } } })
  expect((await ask('/api/machine/list', { headers: browser.headers })).status).toBe(404)
  expect((await ask('/api/no/such', { method: 'POST', headers: { ...browser.headers, ...json }, body: '{}' })).status).toBe(404)
  expect((await ask('/api/machine/list', { method: 'POST', headers: { ...browser.headers, 'content-type': 'text/plain' }, body: '{}' })).status).toBe(400)
  const description = JSON.parse((await ask('/api/openapi.json', { headers: browser.headers })).body) as { paths: object }
  expect(Object.keys(description.paths)).toContain('/machine/start')
})

test('only a page with a session may take the place of an engine that does not answer', async () => {
  let taken = 0
  const access = { ...lastingEngine(connectInProcess(engine, log), log), takeOver: () => Promise.resolve(void taken++) }
  await server.close()
  server = await serveWeb({ engine: access, port: 0, uploadsFolder: join(folder, 'uploads'), pageFolder: join(folder, 'pages'), slowDown })
  browser = await enter(server)
  const takeOver = async (headers: Record<string, string>) => (await ask('/engine/take-over', { method: 'POST', headers })).status
  const refused = [{ origin: server.origin }, { ...browser.headers, origin: 'http://evil.example' }]
  expect([...(await Promise.all(refused.map(takeOver))), taken]).toEqual([401, 403, 0])
  expect([await takeOver({ ...browser.headers, origin: server.origin }), taken]).toEqual([200, 1])
})

test('an upload goes on where it broke off; its name and id never become a path', async () => {
  const begin = (body: object) => ask('/upload', { method: 'POST', headers: { ...browser.headers, ...json }, body: JSON.stringify(body) })
  expect((await begin({ fileName: '../../../evil.iso', sizeBytes: 10 })).status).toBe(201)
  const begun = await begin({ fileName: '../../../evil\n.iso', sizeBytes: 10 })
  const { id } = JSON.parse(begun.body) as { id: string }
  expect(await readdir(join(folder, 'uploads', id))).toEqual(['evil-.iso'])
  const put = (offset: string, body: string) => ask(`/upload/${id}?offset=${offset}`, { method: 'PUT', headers: browser.headers, body })
  expect(JSON.parse((await put('0', 'hello')).body)).toMatchObject({ receivedBytes: 5, job: null })
  for (const offset of ['0', '6', '-1', 'x', '']) expect((await put(offset, 'again')).status).toBe(409)
  expect((await put('5', 'more than was announced')).status).toBe(400)
  expect(JSON.parse((await ask(`/upload/${id}`, { headers: browser.headers })).body)).toMatchObject({ receivedBytes: 5 })
  for (const path of ['/upload/..', '/upload/../../x', `/upload/${id}/x`, '/upload/']) expect((await ask(`${path}?offset=0`, { method: 'PUT', headers: browser.headers, body: 'x' })).status).toBeGreaterThanOrEqual(400)
  for (const sizeBytes of [0, -1, 1.5, 1e300, '5', null]) expect((await begin({ fileName: 'x', sizeBytes })).status).toBe(400)
  expect((await begin({ fileName: 'x', sizeBytes: 2 ** 43 })).status).toBe(507)
  expect((await ask(`/upload/${id}`, { method: 'DELETE', headers: browser.headers })).status).toBe(200)
  expect(existsSync(join(folder, 'uploads', id))).toBe(false)
  expect((await put('5', 'x')).status).toBe(404)
})

test('other computers need TLS and a password', async () => {
  const serve = (options: object) => serveWeb({ engine: lastingEngine(connectInProcess(engine, log), log), port: 0, uploadsFolder: join(folder, 'uploads'), address: '0.0.0.0', ...options })
  await keepPassword(join(folder, 'password.json'), 'correct horse')
  const password = readPassword(join(folder, 'password.json'))
  expect([await password?.matches('correct horse'), await password?.matches('correct horsE'), await password?.matches('x'.repeat(5000))]).toEqual([true, false, false])
  for (const options of [{}, { password }, { tls: { certificate: '', key: '' } }]) await expect(serve(options)).rejects.toMatchObject({ code: 'unsupported' })
  await expect(keepPassword(join(folder, 'password.json'), 'short')).rejects.toMatchObject({ code: 'invalid-input' })
  await writeFile(join(folder, 'password.json'), '{"format":"mayfly-password"')
  expect(() => readPassword(join(folder, 'password.json'))).toThrow(/not a kept password/)
})

test('with TLS and a password other computers are let in, and the cookie stays on TLS', async () => {
  await keepPassword(join(folder, 'password.json'), 'correct horse')
  const password = readPassword(join(folder, 'password.json'))
  if (password === undefined) throw new Error('The password was not kept.')
  const secure = await serveWeb({ engine: lastingEngine(connectInProcess(engine, log), log), port: 0, uploadsFolder: join(folder, 'uploads'), address: '0.0.0.0', tls: testCertificate, password, slowDown })
  const origin = `https://127.0.0.1:${secure.port}`
  const tell = (path: string, options: { method?: string; headers?: Record<string, string>; body?: string } = {}) =>
    new Promise<{ status: number; headers: IncomingHttpHeaders; body: string }>((resolve, reject) => {
      const request = httpsRequest(`${origin}${path}`, { method: options.method ?? 'GET', headers: options.headers ?? {}, ca: testCertificate.certificate, servername: 'localhost', agent: false }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
      })
      request.on('error', reject).end(options.body)
    })
  try {
    expect(JSON.parse((await tell('/session')).body)).toEqual({ password: true, open: false })
    const enterWith = (secret: string) => tell('/session', { method: 'POST', headers: { ...json, origin }, body: JSON.stringify({ password: secret }) })
    expect((await enterWith('incorrect horse')).status).toBe(401)
    const entered = await enterWith('correct horse')
    expect(entered.status).toBe(200)
    const [cookie = ''] = entered.headers['set-cookie'] ?? []
    expect(cookie).toMatch(/^__Host-mayfly=[\w-]{32}; Path=\/; HttpOnly; SameSite=Strict; Secure$/)
    expect(entered.headers['strict-transport-security']).toBeDefined()
    const { key } = JSON.parse(entered.body) as { key: string }
    const headers = { ...json, origin, cookie: cookie.split(';')[0] ?? '', [sessionKeyHeader]: key }
    expect(JSON.parse((await tell('/api/machine/list', { method: 'POST', headers, body: '{}' })).body)).toHaveLength(500)
    // A name that somebody else could make lead here is still refused.
    expect((await tell('/login', { headers: { host: `evil.example:${secure.port}` } })).status).toBe(421)
  } finally {
    await secure.close()
  }
})

test('the address to open reaches the browser in a private file, not among its arguments', async () => {
  const seen = join(folder, 'seen')
  await writeFile(join(folder, 'xdg-open'), `#!/bin/sh\necho "$1" > '${seen}'\n`, { mode: 0o755 })
  const path = process.env['PATH']
  process.env['PATH'] = `${folder}:${path}`
  try {
    const file = join(folder, 'open.html')
    const address = server.newAddress()
    expect(await openBrowser(address, file)).toBe(true)
    await until(() => existsSync(seen) && readFileSync(seen, 'utf8') !== '', 'the program ran')
    expect(readFileSync(seen, 'utf8').trim()).toBe(file)
    expect([readFileSync(file, 'utf8').includes(address), statSync(file).mode & 0o777]).toEqual([true, 0o600])
  } finally {
    process.env['PATH'] = path
  }
})
