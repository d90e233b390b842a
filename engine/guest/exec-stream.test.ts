import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setImmediate as immediate } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { encodeExecFrame, ExecFrameDecoder, type ExecFrameKind } from '../../contract/exec-frame.ts'
import { collectRun } from './collect-run.ts'
import { ExecStream } from './exec-stream.ts'
import type { ExecClient, ExecRequest } from './exec/exec-client.ts'
import type { ExecSession } from './exec/exec-session.ts'
import { buildNativeHelper, NativeHelper } from './exec/native-helper.fixture.ts'

/** Generous: the hosts of tests are busy. */
const soon = { timeout: 20_000 }

let buildFolder: string
let helper: NativeHelper
let client: ExecClient

beforeAll(async () => {
  buildFolder = await mkdtemp(path.join(tmpdir(), 'mayfly-exec-build-'))
  await buildNativeHelper(path.join(buildFolder, 'mayfly-exec'))
})
afterAll(async () => rm(buildFolder, { recursive: true, force: true }))
beforeEach(async () => {
  helper = await NativeHelper.start(path.join(buildFolder, 'mayfly-exec'))
  client = await helper.client()
})
afterEach(async () => {
  client.close()
  await helper.stop()
})

interface Attached {
  readonly session: ExecSession
  readonly stream: ExecStream
  readonly seen: { stdout: string; stderr: string; last: unknown; lastKind: ExecFrameKind | null }
  readonly send: (kind: ExecFrameKind, payload?: Uint8Array) => void
}

async function attach(argv: ExecRequest['argv'], isReading = true): Promise<Attached> {
  const session = await client.exec({ argv, user: String(process.getuid?.() ?? 0) })
  const stream = new ExecStream(session, { reportBug: () => 'ref' })
  const seen: Attached['seen'] = { stdout: '', stderr: '', last: null, lastKind: null }
  const decoder = new ExecFrameDecoder()
  if (isReading) {
    stream.on('data', (chunk: Buffer) => {
      for (const { kind, payload } of decoder.push(chunk)) {
        const text = Buffer.from(payload).toString()
        if (kind === 'stdout' || kind === 'stderr') seen[kind] += text
        else seen.last = JSON.parse(text)
        seen.lastKind = kind
      }
    })
  }
  return { session, stream, seen, send: (kind, payload) => stream.write(encodeExecFrame(kind, payload)) }
}

test('stdin goes in, stdout and stderr come apart, and the exit comes last', async () => {
  const { stream, seen, send } = await attach(['/bin/sh', '-c', 'cat; echo oops >&2; exit 3'])
  send('stdin', Buffer.from('hello '))
  send('stdin', Buffer.from('there'))
  send('stdin')
  await once(stream, 'end')
  expect(seen).toEqual({ stdout: 'hello there', stderr: 'oops\n', last: { exitStatus: 3, signal: null }, lastKind: 'exit' })
})

test('frames may arrive in any pieces, and the end of the client\'s side is the end of stdin', async () => {
  const { stream, seen } = await attach(['/bin/cat'])
  for (const byte of encodeExecFrame('stdin', Buffer.from('piecemeal'))) stream.write(Uint8Array.of(byte))
  stream.end()
  await once(stream, 'end')
  expect(seen).toMatchObject({ stdout: 'piecemeal', lastKind: 'exit' })
})

test('signals reach the command, also while it reads no input', async () => {
  const { stream, seen, send } = await attach(['/bin/sleep', '1000'])
  send('stdin', Buffer.alloc(100_000))
  send('signal', Buffer.from('SIGNOTHING'))
  send('signal', Buffer.from('SIGTERM'))
  await once(stream, 'end')
  expect(seen.last).toEqual({ exitStatus: null, signal: 'SIGTERM' })
})

test('a client that does not read stops the command\'s output, and nothing is lost when it goes on', async () => {
  const { session, stream } = await attach(['/bin/sh', '-c', 'i=0; while [ $i -lt 40000 ]; do echo 0123456789012345678901234567890123456789012345678; i=$((i+1)); done'], false)
  let isOver = false
  void session.exited.then(() => {
    isOver = true
  })
  await once(stream, 'readable')
  await client.ping()
  expect(isOver).toBe(false)
  expect(stream.readableLength).toBeLessThan(1024 * 1024)
  let bytes = 0
  const decoder = new ExecFrameDecoder()
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    for (const { kind, payload } of decoder.push(chunk)) if (kind === 'stdout') bytes += payload.length
    await immediate()
  }
  expect(bytes).toBe(40_000 * 50)
})

test('a command that takes no input holds its client back', async () => {
  const { stream, send } = await attach(['/bin/sleep', '1000'])
  const written: boolean[] = []
  for (let i = 0; i < 40; i += 1) stream.write(encodeExecFrame('stdin', Buffer.alloc(64 * 1024)), () => written.push(true))
  await client.ping()
  expect(written.length).toBeLessThan(20)
  stream.destroy()
  send('signal', Buffer.from('SIGTERM'))
})

test('a client that vanishes takes its command along', async () => {
  const { session, stream, seen } = await attach(['/bin/sh', '-c', 'echo $$; exec sleep 1000'])
  await expect.poll(() => seen.stdout, soon).toMatch(/\d+\n/)
  stream.destroy()
  expect(await session.exited).toEqual({ exitStatus: null, signal: 'SIGHUP' })
})

test('a command that ignores the hang-up is killed', async () => {
  const { session, stream, seen } = await attach(['/bin/sh', '-c', 'trap "" HUP PIPE; echo ready; while :; do sleep 1000; done'])
  await expect.poll(() => seen.stdout, soon).toBe('ready\n')
  stream.destroy()
  expect(await session.exited).toEqual({ exitStatus: null, signal: 'SIGKILL' })
})

test('what is not a frame ends the stream and the command', async () => {
  const { session, stream } = await attach(['/bin/sleep', '1000'])
  const failed = once(stream, 'error')
  stream.write(Buffer.from('GET / HTTP/1.1\r\n'))
  expect((await failed)[0]).toMatchObject({ code: 'invalid-input' })
  expect(await session.exited).toMatchObject({ signal: 'SIGHUP' })
})

test('a lost guest is told as an error, last', async () => {
  const { stream, seen } = await attach(['/bin/sleep', '1000'])
  client.close()
  await once(stream, 'end')
  expect(seen).toMatchObject({ lastKind: 'error', last: { code: 'cancelled' } })
})

test('a run collects what was written, up to its bound', async () => {
  const user = String(process.getuid?.() ?? 0)
  const whole = await client.exec({ argv: ['/bin/sh', '-c', 'cat; printf "e\\303\\251\\377" >&2; exit 4'], user })
  expect(await collectRun(whole, { timeoutMs: 10_000, stdin: Buffer.from('in') })).toEqual({ exitStatus: 4, signal: null, stdout: 'in', stderr: 'eé\ufffd', truncated: false })
  const cut = await client.exec({ argv: ['/bin/sh', '-c', 'printf 123456; sleep 0; printf 789'], user })
  expect(await collectRun(cut, { timeoutMs: 10_000, mostBytes: 4 })).toMatchObject({ stdout: '1234', truncated: true })
})

test('a run that takes too long, or that nobody wants any more, is killed', async () => {
  const user = String(process.getuid?.() ?? 0)
  const slow = await client.exec({ argv: ['/bin/sleep', '1000'], user })
  await expect(collectRun(slow, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'timeout' })
  expect(await slow.exited).toEqual({ exitStatus: null, signal: 'SIGKILL' })
  const unwanted = await client.exec({ argv: ['/bin/sleep', '1000'], user })
  await expect(collectRun(unwanted, { timeoutMs: 10_000, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' })
  expect(await unwanted.exited).toEqual({ exitStatus: null, signal: 'SIGKILL' })
})
