/** Throwaway runs in the guests of a real engine: what comes back, what is kept, and that nothing is left. */
import { lstat, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Duplex, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { encodeExecFrame, type ExecFrame, ExecFrameDecoder } from '../../contract/exec-frame.ts'
import type { Run } from '../../contract/run.ts'
import { unpackTar } from '../../engine/archive/unpack-tar.ts'
import { tarBytes, type TarSource, writeTar } from '../../engine/archive/write-tar.ts'
import type { EngineClient } from '../../engine/engine-face.ts'
import { until } from '../conformance/until.ts'
import { refusal, TestHome } from './test-home.fixture.ts'

const modes = { file: 0o600, program: 0o700, folder: 0o700 }
let home: TestHome
let client: EngineClient

beforeAll(async () => {
  ;({ home, client } = await TestHome.withTiny())
  await home.bootTiny(client, 'ready')
}, 120_000)
afterAll(() => home.close(), 60_000)
afterEach(async () => {
  await until(async () => (await client.run.list({})).every((run) => run.state !== 'running'), 'no run is under way')
  await until(async () => (await client.machine.list({})).map(({ name }) => name).join() === 'ready', 'no machine of a run is left')
})

type Request = Parameters<EngineClient['run']['start']>[0]

async function begin(request: Partial<Request> & Pick<Request, 'argv'>): Promise<{ run: Run; frames: AsyncGenerator<ExecFrame>; stream: Duplex }> {
  const { run, stream: ticket } = await client.run.start({ template: 'ready', attached: true, ...request })
  if (ticket === null) throw new Error('No stream came.')
  const stream = await home.connection.openStream(ticket.ticket)
  return { run, stream, frames: framesOf(stream) }
}

async function* framesOf(stream: Duplex): AsyncGenerator<ExecFrame> {
  const decoder = new ExecFrameDecoder()
  for await (const chunk of stream as AsyncIterable<Buffer>) yield* decoder.push(chunk)
}

const textOf = ({ payload }: ExecFrame): string => Buffer.from(payload).toString('utf8')

/** All output by kind, and the frame that ended it. */
async function collect(frames: AsyncIterable<ExecFrame>): Promise<{ stdout: string; stderr: string; end: string }> {
  const got = { stdout: '', stderr: '', end: '' }
  for await (const frame of frames) {
    if (frame.kind === 'stdout' || frame.kind === 'stderr') got[frame.kind] += textOf(frame)
    else got.end = `${frame.kind} ${textOf(frame)}`
  }
  return got
}

async function whenOver(run: Run): Promise<Run> {
  await until(async () => (await client.run.show({ run: run.id })).state !== 'running', 'the run is over', 80_000)
  return client.run.show({ run: run.id })
}

/** A run nobody is attached to, to its end. */
async function runThrough(request: Partial<Request> & Pick<Request, 'argv'>): Promise<Run> {
  return whenOver((await client.run.start({ template: 'ready', ...request })).run)
}

async function copiedFile(run: Run, file: number): Promise<Buffer> {
  const { ticket, bytes } = await client.run.file({ run: run.id, file })
  const chunks: Buffer[] = []
  for await (const chunk of (await home.connection.openStream(ticket)) as AsyncIterable<Buffer>) chunks.push(chunk)
  expect(Buffer.concat(chunks).length).toBe(bytes)
  return Buffer.concat(chunks)
}

/** Its evidence, unpacked; removed by the caller. */
async function evidenceOf(run: Run): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mayfly-evidence-'))
  const { ticket } = await client.run.evidence({ run: run.id })
  await unpackTar((await home.connection.openStream(ticket)) as AsyncIterable<Buffer>, folder, { mostBytes: 2 ** 32, mostEntries: 10_000 }, modes)
  return folder
}

test('output comes as it is written, input and status pass, and the machine is gone at the end', async () => {
  const { run, frames, stream } = await begin({ argv: ['sh', '-c', 'echo "first $GREETING in $PWD"; read line; echo "got $line"; cat; echo oops >&2; exit 7'], env: { GREETING: 'hello' }, cwd: '/usr' })
  const first = await frames.next()
  expect(first.value).toMatchObject({ kind: 'stdout' })
  expect(textOf(first.value as ExecFrame)).toBe('first hello in /usr\n')
  stream.write(encodeExecFrame('stdin', Buffer.from('a line\nand more\n')))
  stream.write(encodeExecFrame('stdin'))
  expect(await collect(frames)).toEqual({ stdout: 'got a line\nand more\n', stderr: 'oops\n', end: 'exit {"exitStatus":7,"signal":null}' })
  // The machine goes before the end is told.
  expect((await client.machine.list({})).map(({ name }) => name)).toEqual(['ready'])
  expect((await whenOver(run)).cells[0]).toMatchObject({ state: 'failed', exitStatus: 7, machine: null, hasScreenshot: true, lastLine: 'oops', reason: null, notes: [] })
}, 60_000)

test('signals reach the command, and one that ends it is told', async () => {
  const { frames, stream } = await begin({ argv: ['sh', '-c', 'trap "echo caught" USR1; echo ready; while :; do sleep 0.05; done'] })
  const seen: string[] = []
  for await (const frame of frames) {
    // A shell may tell how its child ended.
    if (frame.kind !== 'stderr') seen.push(textOf(frame))
    if (textOf(frame) === 'ready\n') stream.write(encodeExecFrame('signal', Buffer.from('SIGUSR1')))
    if (textOf(frame) === 'caught\n') stream.write(encodeExecFrame('signal', Buffer.from('SIGTERM')))
  }
  expect(seen).toEqual(['ready\n', 'caught\n', '{"exitStatus":null,"signal":"SIGTERM"}'])
}, 60_000)

test('a command that takes too long is ended, and what it wrote is kept', async () => {
  const run = await runThrough({ argv: ['sh', '-c', 'echo begun; trap "" TERM; while :; do sleep 0.1; done'], timeoutSeconds: 1 })
  expect(run).toMatchObject({ state: 'failed', cells: [{ state: 'timed-out', signal: 'SIGKILL', lastLine: 'begun', reason: 'The command did not end within 1 s and was ended.' }] })
  const { frames } = await begin({ argv: ['sleep', '100'], timeoutSeconds: 1 })
  expect((await collect(frames)).end).toContain('"code":"timeout"')
}, 90_000)

test('a command that sleeps for a second took a second, also where the guest was late to say that it began', async () => {
  const { cells: [cell] } = await runThrough({ argv: ['sleep', '1'] })
  // What a guest takes for a second is a little less where its clock runs fast.
  expect([cell?.state, (cell?.durationMs ?? 0) > 950]).toEqual(['passed', true])
  const { frames } = await begin({ argv: ['true'], cwd: '/no/such/folder' })
  expect((await collect(frames)).end).toContain('The guest has no folder /no/such/folder, in which')
}, 60_000)

test('what cannot be run is told by kind; nothing is begun in what is no template', async () => {
  const { frames } = await begin({ argv: ['no-such-program'] })
  expect((await collect(frames)).end).toMatch(/^error .*"code":"not-found".*"kind":"program"/)
  expect(await refusal(client.run.start({ template: 'nowhere', argv: ['true'] }))).toBe('not-found')
  expect(await refusal(client.run.start({ template: 'ready', argv: ['true'], cpus: 8 }))).toBe('unsupported')
  expect(await refusal(client.run.start({ template: 'ready', argv: ['true'], matrix: { a: Array.from({ length: 100 }, (_, index) => `${index}`), b: Array.from({ length: 100 }, (_, index) => `${index}`) } }))).toBe('invalid-input')
}, 60_000)

test('a matrix runs each combination in a machine of its own, a few at once, and is told cell by cell', async () => {
  const script = 'echo "$DB on $OS"; test -e /tmp/seen && exit 9; touch /tmp/seen; [ "$DB" != 17 ] || { echo broken >&2; exit 3; }'
  const { run, frames } = await begin({ argv: ['sh', '-c', script], matrix: { DB: ['16', '17'], OS: ['a b', 'c<&"'] }, parallel: 2 })
  const lines: string[] = []
  let cell = -1
  let end = ''
  for await (const frame of frames) {
    if (frame.kind === 'cell') cell = (JSON.parse(textOf(frame)) as { cell: number }).cell
    else if (frame.kind === 'stdout') lines.push(`${cell} ${textOf(frame).trim()}`)
    else if (frame.kind === 'exit') end = textOf(frame)
  }
  expect(lines.sort()).toEqual(['0 16 on a b', '1 16 on c<&"', '2 17 on a b', '3 17 on c<&"'])
  expect(end).toBe('{"exitStatus":1,"signal":null}')
  const over = await whenOver(run)
  expect(over.cells.map(({ state, exitStatus }) => `${state} ${exitStatus}`)).toEqual(['passed 0', 'passed 0', 'failed 3', 'failed 3'])
  const folder = await evidenceOf(over)
  try {
    expect((await readdir(folder)).sort()).toEqual(['1-DB=16,_OS=a_b', '2-DB=16,_OS=c_', '3-DB=17,_OS=a_b', '4-DB=17,_OS=c_', 'junit.xml', 'run.json'])
    expect((await readdir(join(folder, '3-DB=17,_OS=a_b'))).sort()).toEqual(['duration', 'exit-status', 'result.json', 'screen.png', 'serial.log', 'stderr', 'stdout'])
    expect(await readFile(join(folder, '3-DB=17,_OS=a_b', 'stderr'), 'utf8')).toBe('broken\n')
    expect(await readFile(join(folder, '3-DB=17,_OS=a_b', 'exit-status'), 'utf8')).toBe('3\n')
    expect((await readFile(join(folder, '1-DB=16,_OS=a_b', 'screen.png'))).subarray(1, 4).toString()).toBe('PNG')
    const junit = await readFile(join(folder, 'junit.xml'), 'utf8')
    expect(junit.match(/<testsuite /g)).toHaveLength(4)
    expect(junit).toContain('<property name="OS" value="c&lt;&amp;&quot;"/>')
    expect(junit.match(/<failure type="failed" message="The command ended with status 3\."/g)).toHaveLength(2)
  } finally {
    await rm(folder, { recursive: true })
  }
}, 90_000)

test('files go in and come out as they are, odd names and large ones', async () => {
  const large = Buffer.alloc(8 * 1024 * 1024, 'large ')
  const odd = Buffer.from('in/new\nline "ü" \u{1b}[31m').toString('latin1')
  const entry = (path: string, bytes: number, mode = 0o644): TarSource['entry'] => ({ kind: 'file', path, mode, bytes, modifiedSeconds: 1, target: '' })
  const sources: TarSource[] = [
    { entry: entry('in/large', large.length), content: () => Readable.from([large]) },
    { entry: entry(odd, 3), content: () => Readable.from([Buffer.from('odd')]) },
    { entry: entry('in/run', 30, 0o755), content: () => Readable.from([Buffer.from('#!/bin/sh\nmd5sum < /in/large\n\n')]) },
  ]
  const { ticket, upload } = await client.run.upload({ bytes: tarBytes(sources) })
  const stream = await home.connection.openStream(ticket)
  await pipeline(Readable.from(writeTar(sources)), stream, async (rest) => {
    for await (const _ of rest);
  })
  const script = '/in/run; mkdir /out; mv /in/large /in/n* /out; ln -s large /out/inside; ln -s /etc/passwd /out/outside; ln /out/large /out/again; mknod /out/device c 1 3'
  const run = await runThrough({ argv: ['sh', '-c', script], upload, copyOut: ['/out', '/no/such/file'] })
  expect(run).toMatchObject({ state: 'passed' })
  expect(run.cells[0]?.notes.join(' ')).toMatch(/no\/such\/file.*(outside.*device|device.*outside)/)
  const folder = await evidenceOf(run)
  try {
    const out = join(folder, 'files', 'out')
    expect((await readdir(out)).sort()).toEqual(['again', 'inside', 'large', 'new\nline "ü" \u{1b}[31m'])
    expect((await readFile(join(out, 'again'))).equals(large)).toBe(true)
    expect((await readFile(join(out, 'inside'))).equals(large)).toBe(true)
    expect((await lstat(join(out, 'inside'))).isSymbolicLink()).toBe(true)
  } finally {
    await rm(folder, { recursive: true })
  }
  const { files, count, bytes } = await client.run.files({ run: run.id })
  expect(files.map(({ path, kind, bytes: each }) => [path, kind, each])).toEqual([['out/again', 'file', large.length], ['out/inside', 'link', 0], ['out/large', 'file', large.length], ['out/new\nline "ü" \u{1b}[31m', 'file', 3]])
  expect([count, bytes, (await client.run.files({ run: run.id, limit: 1 })).files.length]).toEqual([4, 2 * large.length + 3, 1])
  expect((await copiedFile(run, 2)).equals(large)).toBe(true)
  expect((await copiedFile(run, 3)).toString()).toBe('odd')
  // A link is told, not followed.
  for (const file of [1, 4]) expect(await refusal(client.run.file({ run: run.id, file }))).toBe('not-found')
  // What the run was given is given again, also when it is gone itself.
  const again = await client.run.start({ template: 'ready', argv: ['sh', '-c', 'cat /in/n*'], inputOf: run.id })
  expect(again.run.input).toEqual({ bytes: tarBytes(sources), kept: true })
  await client.run.remove({ run: run.id })
  expect((await whenOver(again.run)).cells[0]).toMatchObject({ state: 'passed', lastLine: 'odd' })
  expect((await runThrough({ argv: ['sh', '-c', 'cat /in/n*'], inputOf: again.run.id })).cells[0]?.lastLine).toBe('odd')
  expect(await refusal(client.run.start({ template: 'ready', argv: ['true'], inputOf: run.id }))).toBe('not-found')
  const empty = await runThrough({ argv: ['true'] })
  expect(await refusal(client.run.start({ template: 'ready', argv: ['true'], inputOf: empty.id }))).toBe('conflict')
  expect(await refusal(client.run.start({ template: 'ready', argv: ['true'], inputOf: again.run.id, upload }))).toBe('invalid-input')
}, 90_000)

test('what a guest gives out as an archive is never written outside, nor without end', async () => {
  const hostile = `cat > /sbin/tar; chmod +x /sbin/tar`
  const archive: TarSource[] = ['../../../escaped', '/absolute', 'link/through'].map((path) => ({ entry: { kind: 'file', path, mode: 0o644, bytes: 4, modifiedSeconds: 0, target: '' }, content: () => Readable.from([Buffer.from('evil')]) }))
  archive.unshift({ entry: { kind: 'link', path: 'link', mode: 0o777, bytes: 0, modifiedSeconds: 0, target: '/' } })
  const chunks: Buffer[] = []
  for await (const chunk of writeTar(archive)) chunks.push(chunk)
  const scripts = [`#!/bin/sh\nbase64 -d <<E\n${Buffer.concat(chunks).toString('base64')}\nE\n`, '#!/bin/sh\ncat /dev/zero\n', '#!/bin/sh\nyes this is no archive | head -c 2000; sleep 1000\n']
  for (const script of scripts) {
    const { run, stream, frames } = await begin({ argv: ['sh', '-c', hostile], copyOut: ['/tmp'] })
    stream.write(encodeExecFrame('stdin', Buffer.from(script)))
    stream.write(encodeExecFrame('stdin'))
    expect((await collect(frames)).end).toBe('exit {"exitStatus":0,"signal":null}')
    const over = await whenOver(run)
    expect(over.cells[0]?.notes.length).toBeGreaterThan(0)
    expect((await readdir(join(home.folders.state, 'runs', run.id))).filter((name) => !name.startsWith('run.json')).sort()).toEqual(['0', 'machines'])
    expect(await readdir(home.folders.state)).not.toContain('escaped')
  }
}, 90_000)

test('a run whose owner goes is ended', async () => {
  const { run, stream, frames } = await begin({ argv: ['sh', '-c', 'echo up; sleep 1000'] })
  await frames.next()
  stream.destroy()
  expect((await whenOver(run)).cells[0]).toMatchObject({ state: 'cancelled', reason: 'Whoever started the run is gone.', machine: null })
}, 60_000)

test('a run can be followed, cancelled, and its cells one by one', async () => {
  const { run } = await client.run.start({ template: 'ready', argv: ['sh', '-c', 'echo "cell $N"; sleep 1000'], matrix: { N: ['1', '2'] }, parallel: 2 })
  for (const cell of [0, 1]) {
    for await (const piece of await client.run.followOutput({ run: run.id, cell })) {
      expect(piece).toEqual({ stream: 'stdout', text: `cell ${cell + 1}\n`, skippedBytes: 0 })
      break
    }
  }
  expect((await client.run.screenshot({ run: run.id, cell: 1 })).base64.length).toBeGreaterThan(100)
  await client.run.cancel({ run: run.id, cell: 0 })
  await until(async () => (await client.run.show({ run: run.id })).cells[0]?.state === 'cancelled', 'the first cell is over')
  expect((await client.run.show({ run: run.id })).cells[1]?.state).toBe('running')
  await client.run.cancel({ run: run.id })
  expect(await whenOver(run)).toMatchObject({ state: 'cancelled' })
  const attached = framesOf(await home.connection.openStream((await client.run.attach({ run: run.id, cell: 1 })).ticket))
  expect(await collect(attached)).toMatchObject({ stdout: 'cell 2\n', end: expect.stringContaining('It was cancelled.') as string })
  await client.run.remove({ run: run.id })
  expect(await refusal(client.run.show({ run: run.id }))).toBe('not-found')
  expect(await readdir(join(home.folders.state, 'runs'))).not.toContain(run.id)
}, 60_000)

test('a guest that ends, or restarts, in the middle is told as that', async () => {
  expect(await runThrough({ argv: ['sh', '-c', 'echo going; poweroff -f'] })).toMatchObject({ state: 'failed', cells: [{ state: 'failed', machine: null, reason: expect.stringContaining('The machine ended before the command did.') as string }] })
  expect(await runThrough({ argv: ['sh', '-c', 'echo b > /proc/sysrq-trigger; sleep 1000'] })).toMatchObject({ state: 'failed', cells: [{ state: 'failed', machine: null }] })
  expect(await runThrough({ argv: ['sh', '-c', 'echo c > /proc/sysrq-trigger; sleep 1000'], copyOut: ['/etc'] })).toMatchObject({
    state: 'failed',
    cells: [{ state: 'failed', machine: null, hasScreenshot: true, reason: expect.stringContaining('panicked') as string, notes: ['No files could be copied out of the guest, for it had stopped.'] }],
  })
}, 120_000)

test('the machine of a failed command can be kept, for a while or for good', async () => {
  const run = await runThrough({ argv: ['sh', '-c', 'echo evidence > /tmp/left; false'], keepOnFailure: true })
  const [cell] = run.cells
  if (cell?.machine == null || cell.keptUntil === null) throw new Error(`It was not kept: ${JSON.stringify(cell)}`)
  expect(Date.parse(cell.keptUntil) - Date.now()).toBeGreaterThan(3_000_000)
  expect(await home.sh(client, cell.machine, 'cat /tmp/left')).toBe('evidence\n')
  expect(await client.machine.show({ machine: cell.machine })).toMatchObject({ throwaway: true, expiresAt: cell.keptUntil })
  await client.run.keep({ run: run.id })
  expect(await client.machine.show({ machine: cell.machine })).toMatchObject({ throwaway: false, expiresAt: null })
  await client.machine.delete({ machine: cell.machine, force: true })
  await until(async () => (await client.run.show({ run: run.id })).cells[0]?.machine === null, 'the run knows that it is gone')
}, 60_000)

test('output without end is kept within bounds, and comes whole to who waits for it', async () => {
  const { run, frames } = await begin({ argv: ['sh', '-c', 'head -c 100000000 /dev/zero'] })
  let bytes = 0
  for await (const frame of frames) if (frame.kind === 'stdout') bytes += frame.payload.length
  expect(bytes).toBe(100_000_000)
  expect((await whenOver(run)).cells[0]?.notes).toEqual([expect.stringContaining('bytes were not kept') as string])
  expect((await lstat(join(home.folders.state, 'runs', run.id, '0', 'output'))).size).toBeLessThan(70 * 1024 * 1024)
}, 90_000)

test('a guest with the plain agent alone runs commands too: output and files come at the end', async () => {
  await home.bootTiny(client, 'plain')
  // Its keeper starts it again each second, were it there.
  await client.guest.run({ machine: 'plain', argv: ['sh', '-c', 'rm /sbin/mayfly-exec; killall mayfly-exec'] }).catch(() => undefined)
  const sources: TarSource[] = [{ entry: { kind: 'file', path: 'in', mode: 0o644, bytes: 4, modifiedSeconds: 1, target: '' }, content: () => Readable.from([Buffer.from('here')]) }]
  const { ticket, upload } = await client.run.upload({ bytes: tarBytes(sources) })
  await pipeline(Readable.from(writeTar(sources)), await home.connection.openStream(ticket), async (rest) => {
    for await (const _ of rest);
  })
  const run = await runThrough({ template: 'plain', argv: ['sh', '-c', 'cat /in; echo " and there" | tee /out; exit 5'], upload, copyOut: ['/out'] })
  expect(run).toMatchObject({ state: 'failed', cells: [{ exitStatus: 5, lastLine: 'here and there', notes: ['Only the plain guest agent answers in this guest: its output came at the end.'] }] })
  const folder = await evidenceOf(run)
  try {
    expect(await readFile(join(folder, 'files', 'out'), 'utf8')).toBe(' and there\n')
  } finally {
    await rm(folder, { recursive: true })
  }
  await client.machine.delete({ machine: 'plain', force: true })
}, 110_000)
