/** `mayfly run` as a tester uses it: a process of its own, in the guests of a template. */
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { MachineSummary } from '../../contract/machine.ts'
import type { Run } from '../../contract/run.ts'
import { until } from '../conformance/until.ts'
import { TestHome } from '../engine/test-home.fixture.ts'
import { begin, beginShell, mayfly, type Outcome } from './mayfly.fixture.ts'

let home: TestHome
const run = (words: readonly string[], options: { stdin?: string; cwd?: string } = {}): Promise<Outcome> => mayfly(home.env, ['run', ...words], options)

async function json<T>(...words: string[]): Promise<T> {
  const { status, stdout, stderr } = await mayfly(home.env, [...words, '--json'])
  expect({ words, status, stderr }).toEqual({ words, status: 0, stderr: '' })
  return JSON.parse(stdout) as T
}

const machineNames = async (): Promise<string[]> => (await json<MachineSummary[]>('list')).map(({ name }) => name)

beforeAll(async () => {
  home = await TestHome.make()
  for (const words of [['image', 'build', 'tiny'], ['template', 'make', 'tiny', '--memory', '256MiB', '--cpus', '1', '--max-cpus', '2', '--max-memory', '512MiB'], ['template', 'pool', 'tiny', '0']]) {
    const { status, stderr } = await mayfly(home.env, words)
    if (status !== 0) throw new Error(stderr)
  }
}, 300_000)
afterAll(async () => {
  await home.openDetached()
  await home.close()
})
/** Nothing of a run's machines is left: not in the list, not as a process. */
afterEach(async () => {
  await until(async () => (await machineNames()).join() === 'tiny', 'only the template is left')
  await until(async () => (await home.processes()).every((line) => !line.includes('qemu-system')), 'no guest runs')
})

test('streams, input and exit statuses pass as if the command ran here', async () => {
  expect(await run(['tiny', '--', 'sh', '-c', 'cat; echo oops >&2; exit 3'], { stdin: 'through and through\n' })).toEqual({ status: 3, signal: null, stdout: 'through and through\n', stderr: 'oops\n' })
  expect(await run(['tiny', '--env', 'A=b c', '--cwd', '/usr', '--', 'sh', '-c', 'echo "$A $PWD"'])).toMatchObject({ status: 0, stdout: 'b c /usr\n', stderr: '' })
  expect(await run(['tiny', '--', 'sh', '-c', 'kill -9 $$'])).toMatchObject({ status: 137, stdout: '' })
  expect(await run(['tiny', '--', 'no-such-program'])).toMatchObject({ status: 127, stdout: '', stderr: expect.stringContaining('no-such-program') as string })
  expect(await run(['tiny', '--', '/etc/passwd'])).toMatchObject({ status: 126, stdout: '' })
  expect(await run(['tiny', '--timeout', '1s', '--', 'sleep', '100'])).toMatchObject({ status: 124, stdout: '', stderr: expect.stringContaining('did not end within 1 s') as string })
  expect(await run(['nowhere', '--', 'true'])).toMatchObject({ status: 125, stdout: '', stderr: expect.stringContaining('template list') as string })
  expect(await run(['tiny', '--cpus', '9', '--', 'true'])).toMatchObject({ status: 125, stdout: '', stderr: expect.stringContaining('--max-cpus 9') as string })
}, 120_000)

test('what makes no sense is said before anything is begun', async () => {
  const said: readonly (readonly [words: readonly string[], text: string])[] = [
    [['--matrix', 'DB='], 'has no values'],
    [['--matrix', 'DB=a', '--matrix', 'DB=b'], 'names DB twice'],
    [['--matrix', 'DB=a,b,a'], '"a" twice'],
    [['--matrix', 'DB=a', '--env', 'DB=b'], 'by --env and by --matrix'],
    [['--matrix', '1=a'], 'KEY=A,B'],
    [['--evidence', ''], 'needs the name of a folder'],
    [['--cwd', ''], 'may not be empty'],
    [['--copy-in', 'nothing:/x'], 'no file or folder "nothing"'],
    [['--copy-in', '/dev/zero:/x'], 'neither file nor folder'],
  ]
  const before = (await json<Run[]>('runs')).length
  for (const [words, text] of said) {
    const { status, stdout, stderr } = await run(['tiny', ...words, '--', 'true'])
    expect({ words, status, stdout, stderr }).toEqual({ words, status: 2, stdout: '', stderr: expect.stringContaining(text) as string })
  }
  expect(await json<Run[]>('runs')).toHaveLength(before)
  // Whether it can be made, root learns only when it is made; nobody waits for ever.
  const { status, stderr } = await run(['tiny', '--evidence', '/proc/no/such', '--', 'true'])
  expect([2, 125]).toContain(status)
  expect(stderr).toContain('/proc/no')
}, 60_000)

test('a reader who has seen enough ends the run; a flood passes whole, and binary output as it is', async () => {
  const first = beginShell(home.env, 'mayfly run tiny -- yes | head -1; echo "${PIPESTATUS[0]}"')
  expect(await first.ended).toMatchObject({ stdout: 'y\n0\n', stderr: '' })
  const flood = beginShell(home.env, "mayfly run tiny -- sh -c 'yes | head -c 20000000' | wc -c")
  expect(await flood.ended).toMatchObject({ stdout: '20000000\n', stderr: '' })
  const same = beginShell(home.env, 'mayfly run tiny -- cat /bin/busybox | md5sum | cut -c1-32; mayfly run tiny -- md5sum /bin/busybox | cut -c1-32')
  const [one, other] = (await same.ended).stdout.split('\n')
  expect(one).toBe(other)
}, 120_000)

test('the names of forks go to a script, and what is worth knowing beside them', async () => {
  const { status, stdout, stderr } = await mayfly(home.env, ['fork', 'tiny', '--count', '2', '--name', 'f{n}', '--throwaway', '--quiet'])
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'f1\nf2\n', stderr: '' })
  const told = await mayfly(home.env, ['fork', 'tiny', '--name', 'f3', '--throwaway', '--paused'])
  expect(told.stdout).toMatch(/^◐ f3 is paused .*\n$/)
  expect(await json<MachineSummary>('life', 'f1', '--ttl', '2h')).toMatchObject({ expiresAt: expect.any(String) as string })
  expect(await json<MachineSummary>('life', 'f1', '--no-ttl')).toMatchObject({ expiresAt: null })
  for (const name of ['f1', 'f2', 'f3']) expect(await mayfly(home.env, ['stop', name, '--force'])).toMatchObject({ status: 0 })
}, 60_000)

test('CPUs and memory are plugged in before the command begins', async () => {
  const { status, stdout, stderr } = await run(['tiny', '--cpus', '2', '--memory', '512MiB', '--', 'sh', '-c', 'grep -c ^processor /proc/cpuinfo; grep MemTotal /proc/meminfo'])
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const [cpus, memory = ''] = stdout.split('\n')
  expect(cpus).toBe('2')
  expect(Number(/\d+/.exec(memory)?.[0])).toBeGreaterThan(380 * 1024)
}, 120_000)

test('Ctrl-C ends the command and the machine', async () => {
  const running = begin(home.env, ['run', 'tiny', '--', 'sh', '-c', 'echo up; sleep 1000'])
  await until(() => running.stdout() === 'up\n', 'the command runs')
  running.process.kill('SIGINT')
  expect(await running.ended).toMatchObject({ status: 130 })
}, 60_000)

test('a killed mayfly takes its run and its machine along', async () => {
  const running = begin(home.env, ['run', 'tiny', '--', 'sh', '-c', 'echo up; sleep 1000'])
  await until(() => running.stdout() === 'up\n', 'the command runs')
  running.process.kill('SIGKILL')
  await running.ended
  await until(async () => (await json<Run[]>('runs'))[0]?.state === 'cancelled', 'the run is cancelled')
}, 60_000)

test('a killed engine leaves nothing to its successor but the record', async () => {
  const running = begin(home.env, ['run', 'tiny', '--', 'sh', '-c', 'echo up; sleep 1000'])
  await until(() => running.stdout() === 'up\n', 'the command runs')
  const { pid } = await json<{ pid: number }>('engine', 'info')
  process.kill(pid, 'SIGKILL')
  expect(await running.ended).toMatchObject({ status: 125 })
  const [last] = await json<Run[]>('runs')
  expect(last).toMatchObject({ state: 'failed', cells: [{ state: 'failed', machine: null, reason: expect.stringContaining('The engine ended') as string }] })
}, 60_000)

test('files go in, evidence comes out, and a folder with something in it is left alone', async () => {
  const work = join(home.root, 'work')
  await mkdir(join(work, 'src', 'deep folder'), { recursive: true })
  await writeFile(join(work, 'src', 'deep folder', 'ünï "odd"'), 'content')
  await symlink('deep folder', join(work, 'src', 'link'))
  const script = 'cat "/src/link/ünï \\"odd\\"" /etc/one > /src/out; echo done; echo note >&2'
  await writeFile(join(work, 'one.txt'), ' and one')
  const words = ['tiny', '--copy-in', './src:/src', '--copy-in', 'one.txt:/etc/one', '--copy-out', '/src/out', '--evidence', 'ev', '--', 'sh', '-c', script]
  const { status, stdout, stderr } = await run(words, { cwd: work })
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'done\n' })
  expect(stderr).toMatch(/^note\nThe evidence of run \d+ is in .*\/work\/ev\.\n$/)
  expect((await readdir(join(work, 'ev'))).sort()).toEqual(['duration', 'exit-status', 'files', 'junit.xml', 'result.json', 'run.json', 'screen.png', 'serial.log', 'stderr', 'stdout'])
  expect(await readFile(join(work, 'ev', 'files', 'src', 'out'), 'utf8')).toBe('content and one')
  expect(await readFile(join(work, 'ev', 'stderr'), 'utf8')).toBe('note\n')
  expect(await run(words, { cwd: work })).toMatchObject({ status: 2, stderr: expect.stringContaining('{n}') as string })

  // Later it is all still to be had.
  const number = /run (\d+) is/.exec(stderr)?.[1] ?? ''
  const evidence = (...more: string[]): Promise<Outcome> => mayfly(home.env, ['evidence', ...more], { cwd: work })
  expect(await evidence('list', number)).toMatchObject({ status: 0, stdout: expect.stringMatching(/^SIZE +FILE\n15 B +\/src\/out\n$/) as string })
  const [{ id } = { id: '' }] = await json<Run[]>('runs', '--limit', '1')
  expect(await json('evidence', 'list', id)).toMatchObject([{ cell: 0, path: 'src/out', bytes: 15 }])
  expect(await evidence('file', number, '/src/out')).toEqual({ status: 0, signal: null, stdout: 'content and one', stderr: '' })
  expect(await evidence('file', number, '/src/out', 'kept')).toMatchObject({ status: 0, stdout: '' })
  expect(await readFile(join(work, 'kept'), 'utf8')).toBe('content and one')
  expect(await evidence('file', number, '/src/out', 'kept')).toMatchObject({ stderr: expect.stringContaining('was kept') as string })
  expect(await evidence('file', number, '/src/other')).toMatchObject({ stderr: expect.stringContaining(`mayfly evidence list ${number}`) as string })
  expect(await evidence('save', number, 'again/{n}')).toMatchObject({ status: 0, stdout: '' })
  expect((await readdir(join(work, 'again', number))).sort()).toEqual((await readdir(join(work, 'ev'))).sort())
  expect(await evidence('save', number, 'ev')).toMatchObject({ status: 2, stderr: expect.stringContaining('has files in it already') as string })
  expect(await evidence('save', '999', 'none')).toMatchObject({ stderr: expect.stringContaining('There is no run') as string })
  expect(await run(['tiny', '--copy-in', 'nothing:/x', '--', 'true'], { cwd: work })).toMatchObject({ status: 2 })
}, 120_000)

test('a matrix tells whose line it is, and by its status whether all passed', async () => {
  const work = join(home.root, 'matrix')
  await mkdir(work)
  const { status, stdout, stderr } = await run(['tiny', '--matrix', 'DB=16,17', '--count', '2', '--parallel', '2', '--evidence', 'runs/{n}', '--', 'sh', '-c', 'echo "on $DB"; printf "no end"; test "$DB" = 16'], { cwd: work })
  expect(status).toBe(1)
  expect(stdout.split('\n').sort()).toEqual(['', ...['16', '17'].flatMap((db) => [1, 2].flatMap((n) => [`DB=${db} ${n} | no end`, `DB=${db} ${n} | on ${db}`]))].sort())
  expect(stderr).toMatch(/DB=16 1 +✔ passed .*\nDB=16 2 +✔ passed .*\nDB=17 1 +✖ failed .*status 1/)
  const [folder = ''] = await readdir(join(work, 'runs'))
  expect((await readdir(join(work, 'runs', folder))).sort()).toEqual(['1-DB=16,_1_of_2', '2-DB=16,_2_of_2', '3-DB=17,_1_of_2', '4-DB=17,_2_of_2', 'junit.xml', 'run.json'])
  expect(await run(['tiny', '--count', '2', '--json', '--', 'true'])).toMatchObject({ status: 0, stdout: expect.stringContaining('"state": "passed"') as string })
}, 120_000)

test('the machine of a failed command is kept where that was asked for, and named', async () => {
  const { status, stderr } = await run(['tiny', '--keep-on-failure', '--', 'sh', '-c', 'echo left > /tmp/state; exit 4'])
  expect(status).toBe(4)
  const machine = /mayfly exec (\w+) /.exec(stderr)?.[1] ?? ''
  expect(await mayfly(home.env, ['exec', machine, '--', 'cat', '/tmp/state'])).toMatchObject({ status: 0, stdout: 'left\n' })
  expect(await mayfly(home.env, ['stop', machine, '--force'])).toMatchObject({ status: 0 })
}, 60_000)

test('two engines run side by side, each with its own', async () => {
  const other = await TestHome.make()
  try {
    await mayfly(other.env, ['image', 'build', 'tiny'])
    expect(await mayfly(other.env, ['template', 'make', 'tiny', '--memory', '256MiB', '--cpus', '1'])).toMatchObject({ status: 0 })
    const outcomes = await Promise.all([home, other].flatMap((one, index) => [1, 2].map((n) => mayfly(one.env, ['run', 'tiny', '--', 'sh', '-c', `echo ${index} ${n}; sleep 0.${n}; exit ${index * 2 + n}`]))))
    expect(outcomes.map(({ status, stdout }) => `${status} ${stdout.trim()}`)).toEqual(['1 0 1', '2 0 2', '3 1 1', '4 1 2'])
  } finally {
    await other.openDetached()
    await other.close()
  }
}, 120_000)
