import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { runSchema } from '../../../contract/run.ts'
import type { Template } from '../../../contract/template.ts'
import { commandLineOf } from '../../../engine/run/plan-run.ts'
import type { RunDraft } from '../../state/run-draft.ts'
import { draftLike, givenFiles, hasOwnEnvironment, parseDuration, planRun } from './plan-run.ts'

const template = { machine: 'abcdefghijkl', name: 'debian ready', ceilings: { cpus: 4, memoryMiB: 2048 } } as Template
const draft: RunDraft = { template: undefined, command: 'make test', matrix: [], count: '1', parallel: '', timeout: '', cpus: '', memory: '', cwd: '', copyOut: '', keepOnFailure: false, filesOf: undefined }
const plan = (change: Partial<RunDraft>) => planRun({ ...draft, ...change }, [template])

test('a command alone is enough', () => {
  expect(plan({})).toMatchObject({ cells: 1, commandLine: "mayfly run 'debian ready' -- make test", request: { template: 'abcdefghijkl', argv: ['make', 'test'], count: 1, matrix: {}, copyOut: [] } })
})

test('everything', () => {
  const all = plan({ command: `sh -c 'echo "$A"; exit 1'`, matrix: [{ key: 'A', values: '16, 17' }, { key: 'B', values: 'x' }], count: '3', parallel: '2', timeout: '90s', cpus: '4', memory: '1 GiB', cwd: '/srv', copyOut: '/out\n\n /var/log ', keepOnFailure: true })
  expect(all.request).toMatchObject({ argv: ['sh', '-c', 'echo "$A"; exit 1'], matrix: { A: ['16', '17'], B: ['x'] }, count: 3, parallel: 2, timeoutSeconds: 90, cpus: 4, memoryMiB: 1024, cwd: '/srv', copyOut: ['/out', '/var/log'], keepOnFailure: true })
  expect(all.cells).toBe(6)
  expect(all.commandLine).toBe(`mayfly run 'debian ready' --matrix A=16,17 --matrix B=x --count 3 --parallel 2 --timeout 90s --cpus 4 --memory 1GiB --cwd /srv --copy-out /out --copy-out /var/log --keep-on-failure -- sh -c 'echo "$A"; exit 1'`)
  const words = execFileSync('sh', ['-c', `mayfly() { printf '%s\\0' "$@"; }\n${all.commandLine}`], { encoding: 'utf8' }).split('\0').slice(0, -1)
  expect(words.slice(-3)).toEqual(['sh', '-c', 'echo "$A"; exit 1'])
})

test.each<[Partial<RunDraft>, string[]]>([
  [{ command: '  ' }, ['command']], [{ command: `echo 'a` }, ['command']], [{ count: '0' }, ['count']], [{ count: '1001' }, ['count']], [{ parallel: 'x' }, ['parallel']], [{ timeout: 'soon' }, ['timeout']], [{ cpus: '5' }, ['cpus']], [{ memory: '4 GiB' }, ['memory']],
  [{ matrix: [{ key: '1a', values: '' }] }, ['key-0', 'values-0']], [{ matrix: [{ key: 'a', values: 'x' }, { key: 'a', values: 'y' }] }, ['key-1']], [{ count: '600', matrix: [{ key: 'a', values: 'x,y' }] }, ['count']],
])('%j is said to be wrong', (change, fields) => {
  const { issues, request } = plan(change)
  expect([[...issues.keys()], request]).toEqual([fields, undefined])
})

test('nothing can be started without a template', () => {
  expect(planRun(draft, [])).toMatchObject({ template: undefined, request: undefined })
})

test.each([['90', 90], ['90 s', 90], ['5m', 300], ['5 min', 300], ['1H', 3600], ['', undefined], ['-1', undefined], ['1.5h', undefined]])('%j is %s seconds', (typed, seconds) => {
  expect(parseDuration(typed)).toBe(seconds)
})

test('a run there was is asked for again as it was', () => {
  const request = { template: template.machine, argv: ['sh', '-c', 'echo "$A"; exit 1'], matrix: { A: ['16', '17'] }, count: 3, parallel: 2, timeoutSeconds: 90, cpus: 4, memoryMiB: 1000, cwd: '/srv/it\'s', copyOut: ['/out', '/a b'], keepOnFailure: true, env: {} }
  const cell = { values: { A: '16' }, state: 'passed', exitStatus: 0, signal: null, startedAt: null, endedAt: null, readyMs: null, durationMs: null, machine: null, keptUntil: null, hasScreenshot: false, lastLine: '', reason: null, notes: [] }
  const { argv, matrix, count, parallel, timeoutSeconds, keepOnFailure } = request
  const run = runSchema.parse({
    id: 'abcdefghijkl', number: 1, template: { id: template.machine, name: template.name }, argv, commandLine: commandLineOf(request, template.name), matrix, count, parallel, timeoutSeconds, keepOnFailure, input: { bytes: 5, kept: true },
    state: 'passed', startedAt: '2026-01-02T03:04:05.678Z', endedAt: null, cells: Array.from({ length: 6 }, (_, index) => ({ ...cell, index })),
  })
  expect(planRun(draftLike(run), [template]).request).toEqual(request)
  expect(givenFiles(draftLike(run))).toEqual({ inputOf: run.id })
  for (const input of [null, { bytes: 5, kept: false }]) expect(givenFiles(draftLike({ ...run, input }))).toEqual({})
  expect([hasOwnEnvironment(run), hasOwnEnvironment({ ...run, commandLine: commandLineOf({ ...request, env: { A: 'secret' } }, 'x') })]).toEqual([false, true])
})
