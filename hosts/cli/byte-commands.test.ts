import { Duplex, PassThrough } from 'node:stream'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { encodeExecFrame, type ExecFrame, ExecFrameDecoder } from '../../contract/exec-frame.ts'
import { os, type ScriptedEngine, scriptedEngine } from './scripted.fixture.ts'

let engine: ScriptedEngine
let asked: unknown
let script: (toClient: PassThrough, fromClient: PassThrough) => void

beforeAll(async () => {
  const open = (): Duplex => {
    const toClient = new PassThrough()
    const fromClient = new PassThrough()
    script(toClient, fromClient)
    return Duplex.from({ readable: toClient, writable: fromClient })
  }
  engine = await scriptedEngine((streams) => ({
    console: { open: os.console.open.handler(() => streams.issue('bytes', open)) },
    guest: {
      exec: os.guest.exec.handler(({ input }) => {
        asked = input
        return { ...streams.issue('exec', open), via: 'helper' as const }
      }),
      run: os.guest.run.handler(({ input }) => ({ exitStatus: null, signal: 'SIGTERM', stdout: Buffer.from(input.stdinBase64 ?? '', 'base64').toString(), stderr: '', truncated: false })),
    },
  }))
})
afterAll(() => engine.close())
beforeEach(() => {
  asked = undefined
  script = () => undefined
})

/** Plays the command: collects stdin, then answers. */
function command(answer: (stdin: string, send: (kind: ExecFrame['kind'], text: string) => void) => void): typeof script {
  return (toClient, fromClient) => {
    const decoder = new ExecFrameDecoder()
    let stdin = ''
    const send = (kind: ExecFrame['kind'], text: string): void => void toClient.write(encodeExecFrame(kind, Buffer.from(text)))
    fromClient.on('data', (chunk: Buffer) => {
      for (const { kind, payload } of decoder.push(chunk)) {
        if (kind === 'stdin' && payload.length === 0) answer(stdin, send)
        else if (kind === 'stdin') stdin += Buffer.from(payload).toString()
        else if (kind === 'signal') send('stdout', `signal ${Buffer.from(payload).toString()}\n`)
      }
    })
  }
}

test('exec carries stdin, stdout, stderr and the exit status', async () => {
  const stdin = 'x'.repeat(700_000)
  script = command((text, send) => {
    send('stdout', `got ${text.length}\n`)
    send('stderr', 'oh\n')
    send('exit', '{"exitStatus":7,"signal":null}')
  })
  expect(await engine.mayfly(['exec', 'web', '--env', 'A=1', '--cwd', '/tmp', '--', 'wc', '-c'], { stdin })).toEqual({ status: 7, stdout: 'got 700000\n', stderr: 'oh\n' })
  expect(asked).toEqual({ machine: 'web', argv: ['wc', '-c'], env: { A: '1' }, cwd: '/tmp' })
})

test('a command that a signal ended gives 128 and its number', async () => {
  script = command((_, send) => send('exit', '{"exitStatus":null,"signal":"SIGKILL"}'))
  expect(await engine.mayfly(['exec', 'web', '--', 'sleep', '9'])).toEqual({ status: 137, stdout: '', stderr: '' })
})

test('signals are passed on to the command', async () => {
  script = (toClient, fromClient) => {
    command(() => process.emit('SIGTERM'))(toClient, fromClient)
    fromClient.on('data', (chunk: Buffer) => {
      if (chunk.includes('SIGTERM')) toClient.write(encodeExecFrame('exit', Buffer.from('{"exitStatus":0,"signal":null}')))
    })
  }
  expect(await engine.mayfly(['exec', 'web', '--', 'sleep', '9'])).toEqual({ status: 0, stdout: 'signal SIGTERM\n', stderr: '' })
  expect(process.listenerCount('SIGTERM')).toBe(0)
})

test('what went wrong in the guest ends exec with its code', async () => {
  script = command((_, send) => send('error', '{"code":"not-found","message":"There is no program frob.","details":{"kind":"program","ref":"frob"},"retryable":false,"next":null}'))
  expect(await engine.mayfly(['exec', 'web', '--', 'frob'])).toEqual({ status: 3, stdout: '', stderr: 'mayfly: There is no program frob.\n' })
})

test('a connection that ends before the command is said to be that', async () => {
  script = (toClient) => void toClient.end()
  expect(await engine.mayfly(['exec', 'web', '--', 'true'])).toMatchObject({ status: 7 })
})

test('exec --json reads stdin whole and prints the outcome whole', async () => {
  const { status, stdout } = await engine.mayfly(['exec', 'web', '--json', '--', 'cat'], { stdin: 'ü in' })
  expect({ status, output: JSON.parse(stdout) as unknown }).toEqual({ status: 143, output: { exitStatus: null, signal: 'SIGTERM', stdout: 'ü in', stderr: '', truncated: false } })
})

test('--tty needs a terminal, and --timeout needs --json', async () => {
  expect(await engine.mayfly(['exec', '-t', 'web', '--', 'sh'])).toMatchObject({ status: 2 })
  expect(await engine.mayfly(['exec', 'web', '--timeout', '5s', '--', 'sh'])).toMatchObject({ status: 2 })
})

test('a piped console sends stdin unchanged, Ctrl-] too, and ends when the guest has been silent', async () => {
  script = (toClient, fromClient) => void fromClient.on('data', (chunk: Buffer) => void toClient.write(`echo ${chunk.toString('hex')}\r\n`))
  expect(await engine.mayfly(['console', 'web', '--idle', '100ms'], { stdin: 'a\u{1d}b' })).toEqual({ status: 0, stdout: 'echo 611d62\r\n', stderr: '' })
})

test('a console at a terminal leaves with Ctrl-], having sent what came before it', async () => {
  const stdin = new PassThrough()
  const received: Buffer[] = []
  script = (_, fromClient) => void fromClient.on('data', (chunk: Buffer) => {
    received.push(chunk)
    if (received.length === 1) stdin.write('more\u{1d}never sent')
  })
  stdin.write('ls\n')
  const { status, stderr } = await engine.mayfly(['console', 'web'], { stdin, terminal: true })
  expect({ status, stderr }).toEqual({ status: 0, stderr: 'Serial console of web. Ctrl-] leaves.\n\nLeft; the machine goes on.\n' })
  expect(Buffer.concat(received).toString()).not.toContain('never')
})

test('a console ends with its machine', async () => {
  script = (toClient) => void toClient.end('bye\r\n')
  expect(await engine.mayfly(['console', 'web'], { stdin: new PassThrough() })).toEqual({ status: 0, stdout: 'bye\r\n', stderr: '' })
})
