import { afterAll, beforeAll, expect, test } from 'vitest'
import { readBashLine, writeForBash } from './bash-line.ts'
import { runMayfly, type ScriptedEngine, scriptedEngine, summaryOf, os } from './scripted.fixture.ts'

let engine: ScriptedEngine
beforeAll(async () => {
  engine = await scriptedEngine(() => ({
    machine: { list: os.machine.list.handler(() => ['web', 'web 2', `it's`, 'a:b', '😀', '-odd'].map((name) => summaryOf({ name }))) },
    image: { list: os.image.list.handler(() => []) },
  }))
})
afterAll(() => engine.close())

async function words(...typed: string[]): Promise<string[]> {
  const { stdout, status, stderr } = await engine.mayfly(['__complete', 'words', ...typed])
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout.split('\n').filter((line) => line !== '').map((line) => line.split('\t')[0] ?? '')
}

test('commands, groups and flags complete from the manifest', async () => {
  expect(await words('st')).toEqual(['start', 'stop'])
  expect(await words('image', '')).toEqual(['list', 'show', 'build', 'add', 'remove'])
  expect(await words('image', 'build', '')).toEqual(['tiny'])
  expect(await words('create', 'x', '--profile', 'm')).toEqual(['micro'])
  expect(await words('create', 'x', '--profile=m')).toEqual(['--profile=micro'])
  expect(await words('create', 'x', '--mem')).toEqual(['--memory'])
  expect(await words('completion', '')).toEqual(['bash', 'zsh', 'fish'])
  expect(await words('wait', 'web', '--for', '')).toEqual(['running', 'stopped', 'agent', 'serial:'])
  expect(await words('help', 'image', 'b')).toEqual(['build'])
  expect(await words('image', 'add', '')).toEqual([':files'])
  expect(await words('screenshot', 'web', '')).toEqual([':files'])
  expect(await words('exec', 'web', '--', '')).toEqual([])
})

test('names complete from the engine that runs', async () => {
  expect(await words('show', 'web')).toEqual(['web', 'web 2'])
  expect(await words('start', '--json', '')).toEqual(['web', 'web 2', `it's`, 'a:b', '😀', '-odd'])
  expect(await words('start', '--', '-')).toEqual(['-odd'])
})

test('without an engine names are simply not offered, and none is started', async () => {
  const outcome = await runMayfly(['__complete', 'words', 'show', ''], { env: { MAYFLY_HOME: `${engine.home}/none` } })
  expect(outcome).toEqual({ status: 0, stdout: '', stderr: '' })
})

test('a line of bash is split as bash does, expanding nothing', () => {
  expect(readBashLine(String.raw`mayfly show "my we`)).toEqual({ words: ['mayfly', 'show'], current: 'my we', quote: '"' })
  expect(readBashLine(String.raw`mayfly  show my\ we`)).toEqual({ words: ['mayfly', 'show'], current: 'my we', quote: null })
  expect(readBashLine(`mayfly show '$(x)' "" `)).toEqual({ words: ['mayfly', 'show', '$(x)', ''], current: '', quote: null })
})

test('candidates are written so that bash inserts them whole', () => {
  const write = (line: string, replaced: string, word: string): string => writeForBash(word, readBashLine(line), replaced)
  expect(write('mayfly show we', 'we', 'web 2')).toBe(String.raw`web\ 2`)
  expect(write('mayfly show "we', 'we', 'web "2"')).toBe(String.raw`web \"2\"`)
  expect(write('mayfly show "we', '"we', 'web 2')).toBe('web 2')
  expect(write(`mayfly show 'it`, 'it', `it's`)).toBe(String.raw`it'\''s`)
  expect(write('mayfly show a:', '', 'a:b')).toBe('b')
  expect(write('mayfly create x --image=ti', 'ti', '--image=tiny')).toBe('tiny')
  expect(write('mayfly create x --image=', '=', '--image=tiny')).toBe('tiny')
  expect(write('mayfly show $', '$', '$(reboot)')).toBe(String.raw`\$\(reboot\)`)
})
