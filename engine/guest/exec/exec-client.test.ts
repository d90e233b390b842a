import { Buffer } from 'node:buffer'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { Duplex } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type ExecClient, type ExecRequest, connectExec } from './exec-client.ts'
import { buildNativeHelper, NativeHelper, until } from './native-helper.fixture.ts'
import { encodeExec, encodeFrame, encodeHello, encodeNumbers, FrameReader, frameTypes, maxFrameBytes } from './protocol.ts'

let buildFolder = ''
let binary = ''
const helpers: NativeHelper[] = []

beforeAll(async () => {
  buildFolder = await mkdtemp(path.join(tmpdir(), 'mayfly-exec-build-'))
  binary = path.join(buildFolder, 'mayfly-exec')
  await buildNativeHelper(binary)
}, 60_000)

afterEach(async () => {
  await Promise.all(helpers.splice(0).map((helper) => helper.stop()))
})

afterAll(async () => {
  await rm(buildFolder, { recursive: true, force: true })
})

async function startHelper(): Promise<NativeHelper> {
  const helper = await NativeHelper.start(binary)
  helpers.push(helper)
  return helper
}

async function run(client: ExecClient, request: ExecRequest, input = '') {
  const session = await client.exec(withUser(request))
  session.stdin.end(input)
  const [stdout, stderr, exit] = await Promise.all([text(session.stdout), text(session.stderr), session.exited])
  return { stdout, stderr, ...exit }
}

/** The helper is root in a guest; in a test it is whoever runs it. */
function withUser(request: ExecRequest): ExecRequest {
  return { user: userInfo().username, ...request }
}

function shell(script: string): ExecRequest {
  return withUser({ argv: ['sh', '-c', script] })
}

/** A zombie counts as gone: whoever adopted it may take its time. */
function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

test('a command gets its arguments, environment, folder and input, and gives output and status', async () => {
  const client = await (await startHelper()).client()
  const request: ExecRequest = {
    argv: ['sh', '-c', 'printf "%s|%s|%s|%s|" "$1" "$GREETING" "$PWD" "$USER"; cat; echo oops >&2; exit 7', 'sh', 'a b\n"ü'],
    env: { GREETING: 'hello, world=1' },
    cwd: '/usr',
  }
  expect(await run(client, request, 'typed')).toEqual({ stdout: `a b\n"ü|hello, world=1|/usr|${userInfo().username}|typed`, stderr: 'oops\n', exitStatus: 7, signal: null })
})

test('large input and output arrive whole, both ways at once', async () => {
  const client = await (await startHelper()).client()
  const input = randomBytes(20 * 1024 * 1024)
  const session = await client.exec(withUser({ argv: ['cat'] }))
  session.stdin.end(input)
  const [output, exit] = await Promise.all([buffer(session.stdout), session.exited])
  expect(sha256(output)).toBe(sha256(input))
  expect(exit).toEqual({ exitStatus: 0, signal: null })
})

test('floods that nobody reads hold up neither other commands nor the link', async () => {
  const client = await (await startHelper()).client()
  const floods = await Promise.all(Array.from({ length: 8 }, () => client.exec(withUser({ argv: ['yes', 'flood'] }))))
  for (let round = 0; round < 20; round++) expect(await run(client, shell('cat; exit 3'), `${round}`)).toEqual({ stdout: `${round}`, stderr: '', exitStatus: 3, signal: null })
  await client.ping()
  for (const flood of floods) flood.signal('SIGKILL')
  for (const flood of floods) flood.stdout.resume()
  expect(await Promise.all(floods.map((flood) => flood.exited))).toEqual(floods.map(() => ({ exitStatus: null, signal: 'SIGKILL' })))
})

test('input that the command does not read waits without holding up others', async () => {
  const client = await (await startHelper()).client()
  const lazy = await client.exec(shell('read line; echo "$line"; exec sleep 1000'))
  let written = false
  lazy.stdin.write(Buffer.concat([Buffer.from('first\n'), Buffer.alloc(1024 * 1024, 120)]), () => {
    written = true
  })
  const [line] = (await once(lazy.stdout, 'data')) as [Buffer]
  expect(line.toString()).toBe('first\n')
  expect(await run(client, shell('cat'), 'quick')).toMatchObject({ stdout: 'quick' })
  expect(written).toBe(false)
  lazy.signal('SIGTERM')
  expect(await lazy.exited).toEqual({ exitStatus: null, signal: 'SIGTERM' })
})

test('input ends without an error when the command closes it or is gone', async () => {
  const client = await (await startHelper()).client()
  const session = await client.exec(shell('head -c 3'))
  session.stdin.write(Buffer.alloc(4 * 1024 * 1024, 97))
  const closed = once(session.stdin, 'close')
  expect(await text(session.stdout)).toBe('aaa')
  await closed
  expect(await session.exited).toEqual({ exitStatus: 0, signal: null })
})

test('signals reach the whole process group', async () => {
  const client = await (await startHelper()).client()
  const session = await client.exec(shell('trap "echo caught; exit 4" USR1; echo ready; while :; do sleep 0.05; done'))
  const chunks: string[] = []
  session.stdout.on('data', (chunk: Buffer) => {
    if (chunks.push(chunk.toString()) === 1) session.signal('SIGUSR1')
  })
  expect(await session.exited).toEqual({ exitStatus: 4, signal: null })
  await until('the output is read', () => chunks.join('') === 'ready\ncaught\n')
})

test('a terminal has a size that can change, takes end of file, and hangs up', async () => {
  const client = await (await startHelper()).client()
  const session = await client.exec({ ...shell('stty size; read line; stty size; cat; tty'), pty: { rows: 30, columns: 100 } })
  let output = ''
  session.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
  })
  await until('the first size is shown', () => output.includes('30 100'))
  session.resize(40, 120)
  session.stdin.write('\n')
  await until('the second size is shown', () => output.includes('40 120'))
  session.stdin.end()
  expect(await session.exited).toEqual({ exitStatus: 0, signal: null })
  await until('the last line is read', () => /\/dev\/pts\/\d+\r\n$/.test(output))
})

test('a terminal\'s interrupt goes to its foreground command', async () => {
  const client = await (await startHelper()).client()
  const session = await client.exec({ ...shell('trap : INT; sleep 1000; echo "status $?"'), pty: { rows: 24, columns: 80 } })
  const output = text(session.stdout)
  // A signal that meets the shell's child before it is sleep would be lost.
  await until('sleep runs', async () => {
    const child = (await readFile(`/proc/${session.pid}/task/${session.pid}/children`, 'utf8')).trim()
    return child !== '' && (await readFile(`/proc/${child}/comm`, 'utf8')) === 'sleep\n'
  })
  session.signal('SIGINT')
  expect(await session.exited).toEqual({ exitStatus: 0, signal: null })
  expect(await output).toContain('status 130')
})

test('what a command leaves running does not hold up its end, nor lose its output', async () => {
  const client = await (await startHelper()).client()
  const result = await run(client, shell('sleep 1000 & echo $!; head -c 50000 /dev/zero | tr "\\0" x'))
  const [pid = '', rest = ''] = result.stdout.split('\n')
  expect(isAlive(Number(pid))).toBe(true)
  process.kill(Number(pid), 'SIGKILL')
  expect(rest).toBe('x'.repeat(50_000))
})

test('what cannot be run is told by kind', async () => {
  const client = await (await startHelper()).client()
  await expect(client.exec(withUser({ argv: ['no-such-program'] }))).rejects.toMatchObject({ code: 'not-found', details: { kind: 'program', ref: 'no-such-program' } })
  await expect(client.exec(withUser({ argv: ['true'], cwd: '/no/such/folder' }))).rejects.toMatchObject({ code: 'not-found', message: 'The guest has no folder /no/such/folder, in which "true" was to run.', details: { kind: 'directory', ref: '/no/such/folder' } })
  await expect(client.exec(withUser({ argv: ['true'], cwd: '/etc/passwd' }))).rejects.toMatchObject({ code: 'not-found', details: { kind: 'directory', ref: '/etc/passwd' } })
  await expect(client.exec({ argv: ['true'], user: 'no-such-user' })).rejects.toMatchObject({ code: 'not-found', details: { kind: 'user', ref: 'no-such-user' } })
  await expect(client.exec(withUser({ argv: ['/etc/passwd'] }))).rejects.toMatchObject({ code: 'unsupported', details: { needs: 'exec', have: 'EACCES' } })
  await expect(client.exec(withUser({ argv: ['echo', 'x'.repeat(70_000)] }))).rejects.toMatchObject({ code: 'invalid-input' })
  await expect(client.exec(withUser({ argv: ['echo', 'a\0b'] }))).rejects.toMatchObject({ code: 'invalid-input' })
  expect(await run(client, { argv: ['echo', 'still here'] })).toMatchObject({ stdout: 'still here\n' })
})

test('hundreds of commands leave no zombie and no descriptor', async () => {
  const helper = await startHelper()
  const client = await helper.client()
  const descriptors = async (): Promise<string> => (await readFile(`/proc/${helper.process.pid}/status`, 'utf8')).match(/FDSize:\s+(\d+)/)?.[1] ?? ''
  await run(client, { argv: ['true'] })
  for (let batch = 0; batch < 10; batch++) {
    const results = await Promise.all(Array.from({ length: 40 }, (_, index) => run(client, shell(`echo ${index}; exit ${index}`))))
    expect(results.map((result) => `${result.exitStatus} ${result.stdout}`)).toEqual(results.map((_, index) => `${index} ${index}\n`))
  }
  expect(await readFile(`/proc/${helper.process.pid}/task/${helper.process.pid}/children`, 'utf8')).toBe('')
  expect(Number(await descriptors())).toBeLessThanOrEqual(512)
})

test('more commands than the helper allows are refused, and room comes back', async () => {
  const client = await (await startHelper()).client()
  const sessions = await Promise.all(Array.from({ length: 128 }, () => client.exec(withUser({ argv: ['sleep', '1000'] }))))
  await expect(client.exec(withUser({ argv: ['true'] }))).rejects.toMatchObject({ code: 'in-use' })
  for (const session of sessions) session.signal('SIGKILL')
  await Promise.all(sessions.map((session) => session.exited))
  expect(await run(client, { argv: ['true'] })).toMatchObject({ exitStatus: 0 })
})

test('aborting ends the command in the guest, and only that one', async () => {
  const client = await (await startHelper()).client()
  const other = await client.exec(withUser({ argv: ['cat'] }))
  const controller = new AbortController()
  const session = await client.exec(withUser({ argv: ['sleep', '1000'] }), { signal: controller.signal })
  controller.abort()
  await expect(session.exited).rejects.toMatchObject({ code: 'cancelled' })
  await until('the command is gone', () => !isAlive(session.pid))
  other.stdin.end('on')
  expect(await text(other.stdout)).toBe('on')
})

test('a command that ignores the hang-up is killed after a grace', async () => {
  const client = await (await startHelper()).client()
  const controller = new AbortController()
  const session = await client.exec(shell('trap "" HUP; echo ready; while :; do sleep 0.1; done'), { signal: controller.signal })
  await once(session.stdout, 'data')
  controller.abort()
  await until('the command is gone', () => !isAlive(session.pid))
})

test('a host that left within a frame costs its commands, not the next host', async () => {
  const helper = await startHelper()
  const first = await helper.dial()
  first.write(encodeHello(randomBytes(16)))
  const payload = encodeExec({ argv: ['sh', '-c', 'cat > torn; sleep 1000'], env: [], cwd: helper.folder, user: userInfo().username, pty: null, outputWindowBytes: 1000 })
  first.write(encodeFrame(frameTypes.exec, 5, payload))
  const reader = new FrameReader()
  let pid = 0
  first.on('data', (chunk: Buffer) => {
    for (const frame of reader.push(chunk)) if (frame.type === frameTypes.started) pid = frame.payload.readUInt32LE(0)
  })
  await until('the command runs', () => pid !== 0)
  first.write(encodeFrame(frameTypes.stdin, 5, Buffer.alloc(1000)).subarray(0, 500))
  first.destroy()
  const client = await helper.client()
  await until('the old command is gone', () => !isAlive(pid))
  expect(await run(client, { argv: ['cat', `${helper.folder}/torn`] })).toMatchObject({ stdout: '' })
})

test('a torn frame, garbage and old frames on one stream are passed over up to the HELLO', async () => {
  const helper = await startHelper()
  const torn = encodeFrame(frameTypes.stdin, 9, Buffer.alloc(60_000, 1)).subarray(0, 40_000)
  const oversized = encodeFrame(frameTypes.stdin, 9)
  oversized.writeUInt32LE(0xffff_ffff, 12)
  for (const before of [torn, randomBytes(100_000), oversized, Buffer.from('MFX1MFX1MFX'), encodeFrame(frameTypes.exec, 1, Buffer.alloc(30)), encodeFrame(frameTypes.hello, 0, Buffer.alloc(20)).subarray(0, 30)]) {
    const socket = await helper.dial()
    socket.write(encodeHello(randomBytes(16)))
    socket.write(before)
    const connection = await connectExec(socket, { timeoutMs: 10_000 })
    if (connection.kind !== 'connected') throw new Error(connection.kind)
    expect(await run(connection.client, { argv: ['echo', 'clean'] })).toMatchObject({ stdout: 'clean\n' })
    connection.client.close()
  }
})

test('malformed requests are answered, never obeyed', async () => {
  const helper = await startHelper()
  const socket = await helper.dial()
  const reader = new FrameReader()
  const errors: string[] = []
  let welcomed = false
  const nonce = randomBytes(16)
  socket.on('data', (chunk: Buffer) => {
    for (const frame of reader.push(chunk)) {
      welcomed ||= frame.type === frameTypes.welcome && frame.payload.subarray(0, 16).equals(nonce)
      if (frame.type === frameTypes.error) errors.push(`${frame.session} ${frame.payload.readUInt32LE(0)} ${frame.payload.toString('utf8', 4)}`)
    }
  })
  socket.write(encodeHello(nonce))
  await until('the helper answers', () => welcomed)
  const valid = encodeExec({ argv: ['true'], env: ['A=b'], cwd: '', user: '', pty: null, outputWindowBytes: 1 })
  const manyArguments = Buffer.from(valid)
  manyArguments.writeUInt16LE(0xffff, 16)
  const longString = Buffer.from(valid)
  longString.writeUInt32LE(0xffff_fff0, 20)
  const nameless = encodeExec({ argv: ['true'], env: ['novalue'], cwd: '', user: '', pty: null, outputWindowBytes: 1 })
  const payloads = [Buffer.alloc(0), valid.subarray(0, 19), valid.subarray(0, valid.length - 1), Buffer.concat([valid, Buffer.alloc(1)]), manyArguments, longString, nameless]
  payloads.forEach((payload, index) => socket.write(encodeFrame(frameTypes.exec, index + 1, payload)))
  socket.write(encodeFrame(frameTypes.exec, 0, valid))
  await until('all are refused', () => errors.length === payloads.length + 1)
  expect(errors).toEqual([...payloads.map((_, index) => `${index + 1} 71 request`), '0 17 request'])
})

test('input beyond its credit ends the session', async () => {
  const helper = await startHelper()
  const socket = await helper.dial()
  const reader = new FrameReader()
  const seen: number[] = []
  socket.on('data', (chunk: Buffer) => {
    for (const frame of reader.push(chunk)) seen.push(frame.type)
  })
  socket.write(encodeHello(randomBytes(16)))
  const payload = encodeExec({ argv: ['sleep', '1000'], env: [], cwd: '', user: userInfo().username, pty: null, outputWindowBytes: 1 })
  socket.write(encodeFrame(frameTypes.exec, 1, payload))
  await until('the command runs', () => seen.includes(frameTypes.started))
  for (let count = 0; count < 4; count++) socket.write(encodeFrame(frameTypes.stdin, 1, Buffer.alloc(65_536)))
  await until('the session is given up', () => seen.includes(frameTypes.error))
  socket.write(encodeFrame(frameTypes.credit, 1, encodeNumbers(1, 1)))
})

test('the helper\'s death rejects everything that was under way', async () => {
  const helper = await startHelper()
  const client = await helper.client()
  const session = await client.exec(withUser({ argv: ['cat'] }))
  helper.process.kill('SIGKILL')
  await expect(session.exited).rejects.toMatchObject({ code: 'qmp-interrupted' })
  await expect(client.exec(withUser({ argv: ['true'] }))).rejects.toMatchObject({ code: 'qmp-interrupted' })
  await until('the orphan ends by itself', () => !isAlive(session.pid))
})

test('a silent peer is absent, a gone one an error, an aborted wait cancelled', async () => {
  const silent = (): Duplex => new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() })
  const stream = silent()
  expect(await connectExec(stream, { timeoutMs: 20 })).toEqual({ kind: 'absent', waitedMs: 20 })
  expect(stream.destroyed).toBe(true)
  const gone = silent()
  const connecting = connectExec(gone, { timeoutMs: 10_000 })
  gone.destroy()
  await expect(connecting).rejects.toMatchObject({ code: 'qmp-interrupted' })
  const controller = new AbortController()
  const aborted = connectExec(silent(), { timeoutMs: 10_000, signal: controller.signal })
  controller.abort()
  await expect(aborted).rejects.toMatchObject({ code: 'cancelled' })
})

test('a guest that breaks the protocol loses the connection', async () => {
  let answer: (bytes: Buffer) => void = () => undefined
  const hostile = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      done()
      if (chunk.length > maxFrameBytes) answer(chunk.subarray(maxFrameBytes + 16, maxFrameBytes + 32))
    },
  })
  answer = (nonce) => hostile.push(Buffer.concat([randomBytes(5000), encodeFrame(frameTypes.welcome, 0, Buffer.concat([nonce, encodeNumbers(1, 1, 1)]))]))
  const connection = await connectExec(hostile, { timeoutMs: 10_000 })
  if (connection.kind !== 'connected') throw new Error(connection.kind)
  const starting = connection.client.exec({ argv: ['true'] })
  hostile.push(encodeFrame(frameTypes.started, 1, encodeNumbers(1, 1)))
  const session = await starting
  for (let count = 0; count < 20; count++) hostile.push(encodeFrame(frameTypes.stdout, 1, Buffer.alloc(60_000)))
  await expect(session.exited).rejects.toMatchObject({ code: 'qmp-interrupted' })
  expect(hostile.destroyed).toBe(true)
})
