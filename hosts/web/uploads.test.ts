import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import type { ClientRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LogInMemory, SyntheticEngine } from '../../e2e/conformance/synthetic-engine.ts'
import { until } from '../../e2e/conformance/until.ts'
import { connectInProcess } from '../../engine/in-process.ts'
import { lastingEngine } from '../page/engine-access.ts'
import { enter } from './browser.fixture.ts'
import type { Entered } from './browser.fixture.ts'
import { serveWeb } from './server.ts'
import type { WebServer } from './server.ts'
import { Uploads } from './uploads.ts'
import type { UploadState } from './uploads.ts'

let folder: string
let engine: SyntheticEngine
let log: LogInMemory
let server: WebServer
let browser: Entered

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-uploads-'))
  await writeFile(join(folder, 'index.html'), '')
  engine = new SyntheticEngine()
  log = new LogInMemory()
  server = await serveWeb({ engine: lastingEngine(connectInProcess(engine, log), log), port: 0, uploadsFolder: join(folder, 'uploads'), pageFolder: folder })
  browser = await enter(server)
})

afterEach(async () => {
  await server.close()
  await engine.close()
  await rm(folder, { recursive: true })
})

const ask = async (method: string, path: string, body?: string): Promise<{ status: number; value: unknown }> => {
  const answer = await fetch(`${server.origin}${path}`, { method, headers: { ...browser.headers, ...(method === 'POST' ? { 'content-type': 'application/json' } : {}) }, ...(body === undefined ? {} : { body }) })
  return { status: answer.status, value: await answer.json() }
}
const begin = async (request: object): Promise<UploadState> => (await ask('POST', '/upload', JSON.stringify(request))).value as UploadState

/** A piece whose connection looks alive though nothing comes over it any more. */
async function halfOpen(id: string, offset: number, sent: string): Promise<ClientRequest> {
  const request = httpRequest(`${server.origin}/upload/${id}?offset=${offset}`, { method: 'PUT', headers: { ...browser.headers, 'content-length': '100' }, agent: false })
  request.on('error', () => undefined)
  request.write(sent)
  await until(async () => ((await ask('GET', `/upload/${id}`)).value as UploadState).receivedBytes === offset + sent.length, 'the first bytes arrived')
  return request
}

test('a new piece ends the one whose connection only seems to live', async () => {
  const { id } = await begin({ fileName: 'x.iso', sizeBytes: 200 })
  const stale = await halfOpen(id, 0, 'hello')
  const closed = new Promise((resolve) => stale.once('close', resolve))
  expect(await ask('PUT', `/upload/${id}?offset=0`, 'again')).toMatchObject({ status: 409, value: { error: { code: 'conflict' } } })
  await closed
  expect(await ask('PUT', `/upload/${id}?offset=5`, ' world')).toMatchObject({ status: 200, value: { receivedBytes: 11 } })
  await halfOpen(id, 11, '!')
  expect(await ask('PUT', `/upload/${id}?offset=12`, '!')).toMatchObject({ status: 200, value: { receivedBytes: 13 } })
  // A connection that breaks is no fault of ours.
  expect(log.bugs).toEqual([])
})

test('an upload that is forgotten while a piece comes in leaves nothing', async () => {
  const { id } = await begin({ fileName: 'x.iso', sizeBytes: 200 })
  const stale = await halfOpen(id, 0, 'hello')
  const closed = new Promise((resolve) => stale.once('close', resolve))
  expect((await ask('DELETE', `/upload/${id}`)).status).toBe(200)
  await closed
  expect([await readdir(join(folder, 'uploads')), (await ask('GET', '/upload')).value]).toEqual([[], []])
})

test('a page that was loaded anew finds what was begun', async () => {
  const told = { fileName: '../ü.iso', sizeBytes: 10, modifiedAtMs: 1_700_000_000_000 }
  const { id } = await begin(told)
  await ask('PUT', `/upload/${id}?offset=0`, 'hello')
  expect((await ask('GET', '/upload')).value).toEqual([{ id, ...told, name: null, receivedBytes: 5, job: null, appliance: null }])
})

test('what nobody asked after for an hour is dropped, and makes room', async () => {
  const uploads = new Uploads(join(folder, 'others'), lastingEngine(connectInProcess(engine, log), log))
  const [first] = await Promise.all(Array.from({ length: 8 }, () => uploads.begin({ fileName: 'x.iso', sizeBytes: 10 })))
  const another = () => uploads.begin({ fileName: 'y.iso', sizeBytes: 10 })
  await expect(another()).rejects.toMatchObject({ code: 'conflict' })
  const lastAsked = performance.now()
  await uploads.dropAbandoned(lastAsked + 59 * 60_000)
  expect(uploads.list()).toHaveLength(8)
  await uploads.dropAbandoned(lastAsked + 61 * 60_000)
  expect([uploads.list(), await readdir(join(folder, 'others'))]).toEqual([[], []])
  expect(() => uploads.show(first?.id ?? '')).toThrow('There is no such upload.')
  const { id } = await another()
  await uploads.close()
  expect(existsSync(join(folder, 'others', id))).toBe(false)
})
