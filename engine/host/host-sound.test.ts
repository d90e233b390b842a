import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readCapabilities } from '../qemu/argv/golden-cases.fixture.ts'
import { findHostSound } from './host-sound.ts'

const capabilities = { old: readCapabilities('7.2'), new: readCapabilities('10.0') }
let runtime: string
let socket: string
let server: Server

beforeAll(async () => {
  runtime = await mkdtemp(join(tmpdir(), 'mayfly-sound-'))
  socket = join(runtime, 'pulse/native')
  await mkdir(join(runtime, 'pulse'))
  server = createServer((connection) => connection.destroy())
  await new Promise<void>((resolve) => server.listen(socket, resolve))
})
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve))
  await rm(runtime, { recursive: true })
})

test('sound goes to the server that answers, if this QEMU can speak to it', async () => {
  expect(await findHostSound(capabilities.new, { XDG_RUNTIME_DIR: runtime })).toMatchObject({ outlet: { driver: 'pa', server: `unix:${socket}` }, audible: true, backend: 'pa', remedy: null })
})

test('a server named by the environment counts; one that does not answer does not', async () => {
  expect((await findHostSound(capabilities.new, { PULSE_SERVER: `unix:${socket}` })).backend).toBe('pa')
  expect((await findHostSound(capabilities.new, { PULSE_SERVER: 'unix:/no/such/socket', XDG_RUNTIME_DIR: runtime })).backend).not.toBe('pa')
})

test('a QEMU without the driver plays into silence, and it is said how to mend it', async () => {
  const withoutAny = { ...capabilities.old, audioDrivers: ['none', 'wav'] }
  expect(await findHostSound(withoutAny, { XDG_RUNTIME_DIR: runtime })).toMatchObject({ outlet: { driver: 'none' }, audible: false, isDriverMissing: true, reason: expect.stringContaining('sound server') as string, remedy: expect.stringContaining('qemu-system-gui') as string })
  expect(await findHostSound(null, { XDG_RUNTIME_DIR: runtime })).toMatchObject({ outlet: { driver: 'none' }, audible: false, isDriverMissing: false })
})
