import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineInfo } from '../../contract/host.ts'
import type { MachineSummary } from '../../contract/machine.ts'
import { identifyProcess } from '../../engine/qemu/process/process-identity.ts'
import { until } from '../conformance/until.ts'
import { TestHome } from '../engine/test-home.fixture.ts'
import { begin, beginShell, mayfly as runMayfly, type Outcome } from './mayfly.fixture.ts'

let home: TestHome
const mayfly = (...words: string[]): Promise<Outcome> => runMayfly(home.env, words)

async function json<T>(...words: string[]): Promise<T> {
  const { status, stdout, stderr } = await mayfly(...words, '--json')
  expect({ words, status, stderr }).toEqual({ words, status: 0, stderr: '' })
  return JSON.parse(stdout) as T
}

async function enginePid(): Promise<number> {
  return (await json<EngineInfo>('engine', 'info')).pid
}

beforeAll(async () => {
  home = await TestHome.make()
  const { status, stderr } = await mayfly('image', 'build', 'tiny', '-q')
  if (status !== 0) throw new Error(stderr)
}, 300_000)
afterAll(async () => {
  await home.openDetached()
  await home.close()
})

/** Anything printable, none of it harmless in a shell, a path or an option. */
const names = ['a/b', '../up', 'a,b=c', `it's "quoted"`, '-rf', '--json', '😀 größe 日本', '$(reboot)', 'a\\b', '*', 'x'.repeat(80)]

test('a name may be anything printable, and finds its machine again', async () => {
  for (const name of names) expect(await mayfly('create', '--memory=64', '--disk=1', '-q', '--', name)).toEqual({ status: 0, signal: null, stdout: '', stderr: '' })
  expect((await json<MachineSummary[]>('list')).map(({ name }) => name).toSorted()).toEqual(names.toSorted())
  for (const name of names) {
    const shown = await mayfly('show', '--json', '--', name)
    expect((JSON.parse(shown.stdout) as MachineSummary).name).toBe(name)
  }
})

test.each([['a\nb'], ['\u{1b}[31mred'], [' blank'], [''], ['x'.repeat(81)], ['\u{202e}gnp']])('a name that cannot be is refused: %j', async (name) => {
  const { status, stdout, stderr } = await mayfly('create', '--json', '--', name)
  expect({ status, stdout, error: JSON.parse(stderr) as unknown }).toMatchObject({ status: 2, stdout: '', error: { error: { code: 'invalid-input', details: { issues: [{ path: 'name' }] } } } })
})

const badInput = [
  'create x --memory NaN', 'create x --memory -1', 'create x --memory 1e400', 'create x --memory 99999999TiB', 'create x --cpus 0', 'create x --disk 0', 'create x --forward 1:99999',
  'create x --frob', 'frob', 'wait a/b --for ever', 'create x --tag a/b',
]

test.each(badInput)('bad input gives 2 and says why: %s', async (line) => {
  const { status, stdout, stderr } = await mayfly(...line.split(' '))
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr).toMatch(/^mayfly: \S.+\n/)
  expect(stderr).not.toContain('    at ')
})

test('what is not there is said with its code', async () => {
  expect((await mayfly('show', 'nobody')).status).toBe(3)
  expect((await mayfly('start', 'nobody', '--json')).stderr).toContain('"code":"not-found"')
  expect((await mayfly('pause', 'a/b')).status).toBe(4)
  expect((await mayfly('image', 'add', 'no-such-file.iso')).status).toBe(3)
})

test('a reader who has seen enough is no failure', async () => {
  const shell = beginShell(home.env, 'mayfly list | head -1; echo "${PIPESTATUS[0]}"')
  expect(await shell.ended).toMatchObject({ stdout: expect.stringMatching(/^NAME .*\n0\n$/) as string, stderr: '' })
})

test('bash completes commands, flags and names, quoted as they must be', async () => {
  const complete = async (line: string, replaced: string): Promise<string[]> => {
    const script = `source <(mayfly completion bash); COMP_LINE=${JSON.stringify(line).replaceAll('$', String.raw`\$`)}; COMP_POINT=\${#COMP_LINE}; COMP_WORDS=(mayfly); _mayfly mayfly "$1" 2>/dev/null; printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout, stderr } = await beginShell({ ...home.env, REPLACED: replaced }, script.replace('"$1"', '"$REPLACED"')).ended
    expect(stderr).toBe('')
    return stdout.split('\n').filter((word) => word !== '').toSorted()
  }
  expect(await complete('mayfly li', 'li')).toEqual(['life', 'list'])
  expect(await complete('mayfly create x --prof', '--prof')).toEqual(['--profile'])
  expect(await complete('mayfly create x --profile ', '')).toEqual(['compatible', 'micro', 'paravirtual'])
  expect(await complete('mayfly create x --image=t', 't')).toEqual(['tiny'])
  expect(await complete('mayfly show a', 'a')).toEqual(['a,b=c', 'a/b', String.raw`a\\b`])
  expect(await complete('mayfly show it', 'it')).toEqual([String.raw`it\'s\ \"quoted\"`])
})

test('a killed engine is replaced by the next command, and machines ran on', async () => {
  await json('create', 'survivor', '--image', 'tiny', '--memory', '256', '--cpus', '1', '--start')
  const before = (await json<MachineSummary[]>('list', '--state', 'running'))[0]
  const pid = await enginePid()
  process.kill(pid, 'SIGKILL')
  await until(() => identifyProcess(pid) === null, 'the engine is dead')
  expect(await json<MachineSummary[]>('list', '--state', 'running')).toMatchObject([{ id: before?.id, pid: before?.pid }])
  expect(await enginePid()).not.toBe(pid)
})

test('a frozen engine is left alone unasked, and replaced when asked', async () => {
  const pid = await enginePid()
  process.kill(pid, 'SIGSTOP')
  const refused = await mayfly('list')
  expect(refused).toMatchObject({ status: 7, stdout: '' })
  expect(refused.stderr).toContain('--take-over')
  expect(await json<MachineSummary[]>('list', '--state', 'running', '--take-over')).toMatchObject([{ name: 'survivor' }])
  expect(await enginePid()).not.toBe(pid)
})

test('an engine that is asked to end ends, and asking again says that none runs', async () => {
  const { pid } = await json<{ pid: number }>('engine', 'stop')
  await until(() => identifyProcess(pid) === null, 'the engine has ended')
  expect((await mayfly('engine', 'stop')).status).toBe(3)
})

test('an engine held in the foreground serves until it is asked to end', async () => {
  const foreground = begin(home.env, ['engine', 'run'])
  await until(() => foreground.stderr().includes('runs as process'), 'it holds the engine')
  expect(await enginePid()).toBe(foreground.process.pid)
  expect((await mayfly('engine', 'run')).status).toBe(4)
  expect(await json('engine', 'stop')).toEqual({ pid: foreground.process.pid })
  expect(await foreground.ended).toMatchObject({ status: 0, stdout: '' })
})
