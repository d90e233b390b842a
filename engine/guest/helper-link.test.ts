import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { until } from '../../e2e/conformance/until.ts'
import { buildNativeHelper, NativeHelper } from './exec/native-helper.fixture.ts'
import { HelperLink } from './helper-link.ts'

/** A port nobody in the guest has open: QEMU takes the connection, and nothing comes. */
class SilentPort {
  readonly path: string
  readonly #server: Server
  readonly #sockets: Socket[] = []

  private constructor(path: string) {
    this.path = path
    this.#server = createServer((socket) => {
      this.#sockets.push(socket)
      socket.on('error', () => undefined)
    })
  }

  static async open(folder: string): Promise<SilentPort> {
    const port = new SilentPort(join(folder, 'silent.sock'))
    await once(port.#server.listen(port.path), 'listening')
    return port
  }

  /** How often somebody came. */
  get visits(): number {
    return this.#sockets.length
  }

  async nextVisit(): Promise<void> {
    await once(this.#server, 'connection')
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

let folder: string
let helper: NativeHelper
let port: SilentPort
let link: HelperLink

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-link-'))
  await buildNativeHelper(join(folder, 'helper'))
}, 60_000)
afterAll(() => rm(folder, { recursive: true }))
beforeEach(async () => {
  helper = await NativeHelper.start(join(folder, 'helper'))
  // It listens when a client has got through.
  ;(await helper.client()).close()
  port = await SilentPort.open(folder)
})
afterEach(async () => {
  link.close()
  await helper.stop()
  await port.close()
})

test('a helper is found once for all who ask, and again when it was lost', async () => {
  link = new HelperLink(helper.socketPath)
  const [first, same] = await Promise.all([link.client(), link.client()])
  expect(first).not.toBe(null)
  expect(same).toBe(first)
  link.portChanged(true)
  link.portChanged(false)
  expect(first?.lost).not.toBe(null)
  const again = await Promise.all([link.client(), link.client(), link.client()])
  expect(again[0]?.lost).toBe(null)
  expect(new Set(again).size).toBe(1)
})

test('a guest that goes on from a saved state without a helper is not waited for', async () => {
  link = new HelperLink(port.path, { patienceMs: 60_000 })
  const asked = link.client()
  await port.nextVisit()
  link.portChanged(false)
  link.agentPortChanged(true)
  expect(await asked).toBe(null)
  expect(await link.client()).toBe(null)
  expect(port.visits).toBe(1)
})

test('who did not answer in a guest that is up is not asked again until its port is opened or the guest restarts', async () => {
  link = new HelperLink(port.path, { patienceMs: 50 })
  expect(await link.client()).toBe(null)
  // A guest that still boots may bring one up.
  expect(await link.client()).toBe(null)
  expect(port.visits).toBe(2)
  link.agentPortChanged(true)
  expect(await link.client()).toBe(null)
  expect(port.visits).toBe(2)
  link.portChanged(true)
  expect(await link.client()).toBe(null)
  // It holds its port: it is given more time than one that may not be there at all.
  expect(port.visits).toBe(8)
  link.guestRestarted()
  expect(await link.client()).toBe(null)
  expect(port.visits).toBe(9)
})

test('in a guest whose agent has been there for long nobody is waited for who never opened the port', async () => {
  link = new HelperLink(port.path, { patienceMs: 100 })
  link.agentPortChanged(true)
  const upSince = performance.now()
  await until(() => performance.now() - upSince > 100, 'the agent has been there for long')
  link.agentPortChanged(true)
  expect([await link.client(), port.visits]).toEqual([null, 0])
  link.guestRestarted()
  expect([await link.client(), port.visits]).toEqual([null, 1])
})

test('a helper that comes later is noticed', async () => {
  link = new HelperLink(helper.socketPath)
  link.agentPortChanged(true)
  link.portChanged(false)
  expect(await link.client()).toBe(null)
  link.portChanged(true)
  expect((await link.client())?.lost).toBe(null)
})

test('nobody is left waiting when it is closed', async () => {
  link = new HelperLink(port.path, { patienceMs: 60_000 })
  const asked = link.client()
  await port.nextVisit()
  link.close()
  expect(await asked).toBe(null)
})
