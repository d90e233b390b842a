import { expect, test } from 'vitest'
import { type Call, parseCommandLine } from './command-line.ts'
import { readBashLine } from './bash-line.ts'
import { commands } from './run.ts'

function parse(...words: string[]): Call {
  const line = parseCommandLine(words, commands)
  if (line.kind !== 'call') throw new Error(`A ${line.kind} is not a call.`)
  return line
}

function refusal(...words: string[]): string {
  try {
    parseCommandLine(words, commands)
  } catch (error) {
    const { message, next = '' } = error as Error & { next?: string }
    return `${message} ${next}`.trim()
  }
  return 'accepted'
}

const examples = commands.flatMap(({ name, examples: lines }) => lines.map((line) => [name, line] as const))

test.each(examples)('the example of "%s" parses: %s', (name, line) => {
  const part = line.split(/ \| | > /).find((piece) => /^(source <\()?mayfly /.test(piece)) ?? ''
  const words = readBashLine(`${part.replace(/^source <\((.*)\)$/, '$1')} `).words.slice(1)
  const parsed = parseCommandLine(words, commands)
  expect(parsed.kind === 'call' ? parsed.command.name : 'help').toBe(name)
})

test('a machine is created from flags of every kind', () => {
  expect(parse('create', 'db', '--image', 'debian-13.iso', '--cpus=4', '--memory', '4GiB', '--disk', '40G', '--forward', '5432:5432', '--forward=0.0.0.0:53:53/udp', '--tag', 'a', '--tag', 'b', '--no-tpm', '--secure-boot', '--firmware', 'uefi', '--start', '--json').input).toEqual({
    name: 'db', image: 'debian-13.iso', cpus: 4, memoryMiB: 4096, diskMiB: 40_960,
    forwards: [{ protocol: 'tcp', hostPort: 5432, guestPort: 5432 }, { protocol: 'udp', hostAddress: '0.0.0.0', hostPort: 53, guestPort: 53 }],
    tags: ['a', 'b'], tpm: false, secureBoot: true, firmware: 'uefi', start: true,
  })
})

test('settings that are objects are written as flags of their own, and removed with --no', () => {
  expect(parse('set', 'web', '--topology-sockets', '1', '--topology-cores', '2', '--topology-threads', '1', '--watchdog-action', 'reset', '--firmware', 'uefi', '--no-tag').input).toEqual({
    machine: 'web', topology: { sockets: 1, cores: 2, threads: 1 }, watchdog: { model: 'i6300esb', action: 'reset' }, firmware: { kind: 'uefi' }, tags: [],
  })
  expect(parse('set', 'web', '--no-watchdog', '--no-topology', '--display', 'std').input).toEqual({ machine: 'web', watchdog: null, topology: null, display: { model: 'std' } })
  expect(refusal('set', 'web', '--topology-cores', '2')).toContain('--topology-sockets')
})

test('flags of every command stand anywhere, also before the command', () => {
  expect(parse('--json', 'list', '-y').globals).toMatchObject({ json: true, yes: true })
  expect(parse('image', '--json', 'list').globals).toMatchObject({ json: true })
  expect(parse('stop', '-q', 'web', '--timeout', '2m')).toMatchObject({ input: { machine: 'web', timeoutSeconds: 120 }, globals: { quiet: true } })
})

test('a name may hold anything, and begins with a dash after --', () => {
  const names = ['a/b', 'a,b=c', `it's "quoted"`, '-rf', '--json', '--', '😀 machine', 'с кириллицей', '$(reboot)', '..']
  for (const name of names) {
    expect(parse('create', '--start', '--', name).input).toEqual({ name, start: true })
    expect(parse('rename', '--', name, name).input).toEqual({ machine: name, name })
  }
})

test('exec takes what follows as it stands', () => {
  const cases = [
    ['exec', 'web', '--', 'ls', '-l', '--', '--json'],
    ['exec', 'web', 'ls', '-l', '--', '--json'],
    ['exec', '--', 'web', '--', 'ls', '-l', '--', '--json'],
    ['exec', '--env', 'A=1', 'web', '--', 'ls', '-l', '--', '--json'],
  ]
  for (const words of cases) expect(parse(...words)).toMatchObject({ input: { machine: 'web', argv: ['ls', '-l', '--', '--json'] }, globals: { json: false } })
  expect(parse('exec', '-t', 'web', '--env=A=b=c', '--env', 'D=', '--cwd', '/', '--', 'sh').input).toEqual({ machine: 'web', env: { A: 'b=c', D: '' }, cwd: '/', argv: ['sh'] })
  expect(parse('exec', '--', '-odd', '--', '-x').input).toEqual({ machine: '-odd', argv: ['-x'] })
  expect(refusal('exec', 'web', '--')).toContain('needs COMMAND')
})

test('what is wrong is said with what was meant', () => {
  const refusals = Object.fromEntries([
    ['lst'], ['imge', 'list'], ['image', 'lst'], ['image'], ['list', '--jsn'], ['--jsn'], ['create', 'x', '--memroy', '1G'], ['create'], ['create', 'x', '--memory'],
    ['create', 'x', '--memory', '--start'], ['create', 'x', '--start=yes'], ['create', 'x', '--profile', 'micor'], ['show', 'a', 'b'], ['wait', 'web'], ['create', 'x', '--cpus', '-1'], ['show', '-rf'], ['help', 'creat'],
  ].map((words) => [words.join(' '), refusal(...words)]))
  expect(refusals).toMatchInlineSnapshot(`
    {
      "--jsn": "mayfly has no flag "--jsn". Did you mean --json?",
      "create": "mayfly create needs NAME: What to call it. See mayfly create --help.",
      "create x --cpus -1": "--cpus is at least 1, not -1.",
      "create x --memory": "--memory needs a value. See mayfly create --help.",
      "create x --memory --start": "--memory needs a value. See mayfly create --help.",
      "create x --memroy 1G": "mayfly create has no flag "--memroy". Did you mean --memory?",
      "create x --profile micor": "--profile is one of paravirtual, compatible, micro, not "micor". Did you mean micro?",
      "create x --start=yes": "--start takes no value.",
      "help creat": "There is no command "creat". Did you mean "mayfly create"?",
      "image": "mayfly image needs one of: list, show, build, add, remove. See mayfly help image.",
      "image lst": "There is no command "image lst". Did you mean "mayfly image list"?",
      "imge list": "There is no command "imge". Did you mean "mayfly image"?",
      "list --jsn": "mayfly list has no flag "--jsn". Did you mean --json?",
      "lst": "There is no command "lst". Did you mean "mayfly list"?",
      "show -rf": "mayfly show has no flag "-r". See mayfly show --help. A name that begins with a dash goes after --.",
      "show a b": "mayfly show has no place for "b". See mayfly show --help.",
      "wait web": "mayfly wait needs --for: running, stopped, agent, or serial:TEXT. See mayfly wait --help.",
    }
  `)
})

test('help and version are asked for in every usual way', () => {
  const asked = [[], ['--help'], ['-h'], ['help'], ['list', '--help'], ['help', 'list'], ['image', '--help'], ['help', 'image'], ['image', 'build', '-h'], ['help', 'image', 'build'], ['exec', 'web', '--help'], ['--version'], ['-V']]
  expect(asked.map((words) => parseCommandLine(words, commands)).map((line) => (line.kind === 'help' ? line.topic : line.kind))).toEqual([
    null, null, null, null, 'list', 'list', 'image', 'image', 'image build', 'image build', 'exec', 'version', 'version',
  ])
  expect(parse('exec', 'web', '--', 'ls', '--help').input['argv']).toEqual(['ls', '--help'])
})
