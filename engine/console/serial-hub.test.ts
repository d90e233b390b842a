import { once } from 'node:events'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ByteRing } from './byte-ring.ts'
import { countMissedBytes } from './missed-bytes.ts'
import { ReadyLineReader } from './ready-line.ts'
import { openScreen } from './screen.ts'
import { SerialHub } from './serial-hub.ts'

/** Generous: the hosts of tests are busy. */
const soon = { timeout: 20_000 }

/** The other end of a serial port, as QEMU is: one client at a time, and everything goes to the log as well. */
class ScriptedPort {
  readonly socketPath: string
  readonly logPath: string
  readonly #server: Server
  client: Socket | null = null
  received = ''
  connections = 0

  constructor(folder: string) {
    this.socketPath = join(folder, 'serial.sock')
    this.logPath = join(folder, 'serial.log')
    this.#server = createServer((socket) => {
      this.client = socket
      this.connections += 1
      socket.on('data', (data: Buffer) => {
        this.received += data.toString()
      })
      socket.on('error', () => undefined)
    })
  }
  async listen(): Promise<void> {
    this.#server.listen(this.socketPath)
    await once(this.#server, 'listening')
  }
  /** The hub's end of the port, once it is there. */
  async connected(): Promise<Socket> {
    while (this.client === null) await once(this.#server, 'connection')
    return this.client
  }
  async print(text: string): Promise<void> {
    await appendFile(this.logPath, text)
    if (this.client?.destroyed === false) await new Promise<void>((resolve) => this.client?.write(text, () => resolve()))
  }
  close(): void {
    this.client?.destroy()
    this.#server.close()
  }
}

let folder: string
let port: ScriptedPort
let hub: SerialHub
let uptimes: number[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-serial-'))
  port = new ScriptedPort(folder)
  await port.listen()
  uptimes = []
  hub = new SerialHub(port.socketPath, port.logPath, { ringBytes: 1000, onReady: (seconds) => uptimes.push(seconds) })
})
afterEach(async () => {
  hub.close()
  port.close()
  await rm(folder, { recursive: true, force: true })
})

function collect(stream: Readable): { text: () => string } {
  let text = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    text += chunk
  })
  return { text: () => text }
}

test('viewers get what is printed, and a late one gets the replay', async () => {
  await hub.open()
  await port.connected()
  const early = collect(hub.view())
  await port.print('hello\r\n')
  await expect.poll(early.text, soon).toBe('hello\r\n')
  const late = collect(hub.view({ replayBytes: 100 }))
  const none = collect(hub.view())
  await port.print('world\r\n')
  await expect.poll(late.text, soon).toBe('hello\r\nworld\r\n')
  await expect.poll(none.text, soon).toBe('world\r\n')
})

test('what viewers type reaches the guest in order', async () => {
  await hub.open()
  const first = hub.view()
  first.write('ls\r')
  await expect.poll(() => port.received, soon).toBe('ls\r')
  first.end('exit\r')
  await expect.poll(() => port.received, soon).toBe('ls\rexit\r')
})

test('a viewer that does not read loses bytes and is told, while the others see everything', async () => {
  await hub.open()
  await port.connected()
  const slow = hub.view()
  const quick = collect(hub.view())
  let sent = ''
  for (let i = 0; i < 200; i += 1) {
    const line = `${String(i).padStart(998, '0')}\r\n`
    sent += line
    await port.print(line)
    await expect.poll(() => quick.text().length, { ...soon, interval: 1 }).toBe(sent.length)
  }
  expect(quick.text()).toBe(sent)
  const rest = collect(slow)
  const skippedBytes = (): number => [...rest.text().matchAll(/\r\n\[… (\d+) bytes skipped …\]\r\n/g)].reduce((sum, match) => sum + Number(match[1]), 0)
  const seenBytes = (): number => rest.text().replaceAll(/\r\n\[… \d+ bytes skipped …\]\r\n/g, '').length
  await expect.poll(() => skippedBytes() + seenBytes(), soon).toBe(sent.length)
  expect(skippedBytes()).toBeGreaterThan(0)
  expect(rest.text().endsWith(sent.slice(-400))).toBe(true)
})

test('adoption begins with the end of the log, and bytes printed between are neither lost nor doubled', async () => {
  await writeFile(port.logPath, `${'x'.repeat(3000)}\nbefore\n`)
  const opening = hub.open()
  await appendFile(port.logPath, 'between\n')
  await opening
  await port.connected()
  const viewer = collect(hub.view({ replayBytes: 1000 }))
  await port.print('after\n')
  await expect.poll(viewer.text, soon).toMatch(/before\nbetween\nafter\n$/)
  expect(viewer.text().match(/between/g)).toHaveLength(1)
})

test('a lost connection is made again, and what was printed meanwhile comes from the log', async () => {
  await hub.open()
  const first = await port.connected()
  const viewer = collect(hub.view())
  await port.print('one\n')
  await expect.poll(viewer.text, soon).toBe('one\n')
  first.destroy()
  await once(first, 'close')
  await expect.poll(() => port.connections, soon).toBe(2)
  await port.print('two\n')
  await expect.poll(viewer.text, soon).toBe('one\ntwo\n')
})

test('a port that is not there yet is found later; typing waits for it', async () => {
  port.close()
  const late = new ScriptedPort(await mkdtemp(join(folder, 'late-')))
  const lateHub = new SerialHub(late.socketPath, late.logPath)
  await lateHub.open()
  const viewer = lateHub.view()
  viewer.write('typed early')
  await late.listen()
  await expect.poll(() => late.received, soon).toBe('typed early')
  lateHub.close()
  late.close()
})

test('text is waited for across chunks, in what was seen before, and in the log beyond the ring', async () => {
  await writeFile(port.logPath, `needle in the hay\n${'x'.repeat(5000)}\n`)
  await hub.open()
  await port.connected()
  await hub.waitForText('needle in the hay')
  const mark = hub.offset
  const waiting = hub.waitForText('login: ', { sinceOffset: mark })
  await port.print('log')
  await port.print('in')
  await port.print(': ')
  await waiting
  await hub.waitForText('login: ')
})

test('waiting for text ends with the signal and with the machine', async () => {
  await hub.open()
  const abort = new AbortController()
  const cancelled = hub.waitForText('never', { signal: abort.signal })
  abort.abort()
  await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' })
  const ended = hub.waitForText('never')
  hub.close()
  await expect(ended).rejects.toMatchObject({ code: 'conflict' })
  await expect(hub.waitForText('never')).rejects.toMatchObject({ code: 'conflict' })
})

test('the last bytes of a guest reach viewers before their stream ends', async () => {
  await hub.open()
  const client = await port.connected()
  const stream = hub.view()
  const viewer = collect(stream)
  hub.close()
  client.end('Power down.\n')
  await once(stream, 'end')
  expect(viewer.text()).toBe('Power down.\n')
})

test('the ready line is noticed once for each boot, also in pieces and on adoption', async () => {
  await writeFile(port.logPath, 'MAYFLY READY 2.75\r\n')
  await hub.open()
  await port.connected()
  expect(hub.readyUptimeSeconds).toBe(2.75)
  await port.print('noise MAYFLY READY 9\r\nMAYFLY RE')
  await port.print('ADY 3.')
  await port.print('5\r\n$ ')
  await expect.poll(() => uptimes, soon).toEqual([2.75, 3.5])
})

test('the ready line is told by a line alone', () => {
  const reader = new ReadyLineReader()
  expect('MAYFLY READY 1.5\n'.split('').map((byte) => reader.push(Buffer.from(byte))).filter((uptime) => uptime !== null)).toEqual([1.5])
  expect(reader.push(Buffer.from('MAYFLY READY soon\nMAYFLY READY 12345678901\n'))).toBeNull()
})

test('the ring keeps the newest bytes at their offsets', () => {
  const ring = new ByteRing(40_000)
  const all = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7 + (i >> 8)) & 0xff))
  let pushed = 0
  for (const length of [1, 10_000, 9_000, 3, 15_000, 30_000, 45_000, 0, 39_999, 12_345]) {
    ring.push(all.subarray(pushed, pushed + length))
    pushed += length
    expect(ring.end).toBe(pushed)
    expect(ring.end - ring.start).toBeLessThanOrEqual(40_000)
    expect(ring.read(ring.start, 100_000).equals(all.subarray(ring.start, pushed))).toBe(true)
  }
  expect(ring.end - ring.start).toBe(40_000)
})

test('log and socket are joined where they overlap', () => {
  const count = (logged: string, received: string): number => countMissedBytes(Buffer.from(logged), Buffer.from(received))
  expect(count('abcdef', '')).toBe(6)
  expect(count('abcdef', 'ef')).toBe(4)
  expect(count('abcdef', 'efghi')).toBe(4)
  expect(count('abcdef', 'cd')).toBe(2)
  expect(count('', 'abc')).toBe(0)
  expect(count('abc', 'xyz')).toBe(3)
  expect(count('a\na\nb\n', 'b\n')).toBe(4)
})

test('a screen is a pipe; one that nobody serves is refused', async () => {
  const screen = await openScreen(port.socketPath)
  screen.write('RFB')
  await expect.poll(() => port.received, soon).toBe('RFB')
  screen.destroy()
  await expect(openScreen(join(folder, 'nothing.sock'))).rejects.toMatchObject({ code: 'conflict' })
  await expect(openScreen(port.socketPath, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' })
})
