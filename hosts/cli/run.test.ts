import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type ErrorCode, errorCodes, errorTable, MayflyError } from '../../contract/errors.ts'
import type { EngineEvent } from '../../contract/event.ts'
import type { ImageId, JobId } from '../../contract/ids.ts'
import type { Job } from '../../contract/job.ts'
import { toWireError } from '../../engine/wire-error.ts'
import { os, type ScriptedEngine, scriptedEngine, summaryOf } from './scripted.fixture.ts'

// Which details belong to which code is `detailsOf`'s word.
const failing = (code: ErrorCode): Error => toWireError(new MayflyError(code, `It failed\u{1b}[2J: ${code}.`, detailsOf(code) as never, { next: 'Do this.' }))

function detailsOf(code: ErrorCode): object {
  const details: Partial<Record<ErrorCode, object>> = {
    'invalid-input': { issues: [{ path: 'name', message: 'Too long.' }] }, 'not-found': { kind: 'machine', ref: 'x' }, conflict: { state: 'running', allowed: ['stopped'] }, 'in-use': { by: ['db'] },
    unsupported: { needs: 'a', have: 'b' }, 'host-unavailable': { check: 'qemu' }, 'qemu-launch-failed': { exitCode: 1, signal: null, stderrTail: 'qemu: no\u{7}\n' }, 'qmp-failed': { command: 'cont', qmpClass: 'GenericError', description: 'no' },
    'qmp-interrupted': { command: 'cont' }, 'job-failed': { job: 'j' }, 'storage-corrupt': { file: 'machine.json', reason: 'torn' }, 'schema-too-new': { file: 'machine.json', version: 9, supported: 1 },
    'no-space': { path: '/', needed: null, free: 0 }, timeout: { waitedMs: 5 }, bug: { reference: '0badcafe' },
  }
  return details[code] ?? {}
}

const job: Job = {
  id: 'j00000000001' as JobId, kind: 'image.build', title: 'Build the tiny image', machine: null, state: 'running', stage: 'Copying', progress: 0.25, bytesPerSecond: 1024 ** 2, remainingSeconds: 9,
  startedAt: '2026-01-01T00:00:00.000Z', endedAt: null, error: null, result: null,
}
const done: Job = { ...job, state: 'done', progress: 1, endedAt: '2026-01-01T00:01:00.000Z', result: { image: 'i00000000001' as ImageId, sentence: 'The image tiny is ready.' } }
const failed: Job = { ...job, state: 'failed', endedAt: '2026-01-01T00:01:00.000Z', error: { code: 'no-space', message: 'The disk is full.', details: detailsOf('no-space') as Record<string, unknown>, retryable: true, next: null } }
const png = Buffer.from('89504e470d0a1a0a', 'hex')

let engine: ScriptedEngine
let calls: unknown[]
let outcomeOfJob: Job
let eventsBatches: EngineEvent[][]

beforeAll(async () => {
  const noted = <T>(answer: T) => ({ input }: { input: unknown }): T => {
    calls.push(input)
    return answer
  }
  engine = await scriptedEngine(() => ({
    machine: {
      list: os.machine.list.handler(() => [summaryOf(), summaryOf({ name: '😀', state: 'stopped', pid: null, uptimeSeconds: null })]),
      create: os.machine.create.handler(noted(summaryOf({ name: 'new' }))),
      show: os.machine.show.handler(({ input }) => {
        throw failing(input.machine as ErrorCode)
      }),
      delete: os.machine.delete.handler(noted({ id: summaryOf().id, name: '-odd name' })),
      screenshot: os.machine.screenshot.handler(() => ({ mediaType: 'image/png' as const, base64: png.toString('base64') })),
      log: os.machine.log.handler(({ input }) => ({ text: `${input.source}: \u{1b}[2Jclear\r\n`, truncated: false })),
      followLog: os.machine.followLog.handler(async function* ({ input }) {
        yield { text: `${input.source} one\n`, skippedBytes: 0 }
        yield { text: 'two\n', skippedBytes: 7 }
      }),
    },
    image: { build: os.image.build.handler(() => job), add: os.image.add.handler(noted(done)) },
    job: { wait: os.job.wait.handler(() => outcomeOfJob) },
    events: {
      watch: os.events.watch.handler(async function* () {
        yield* eventsBatches.shift() ?? []
      }),
    },
  }))
})
afterAll(() => engine.close())
beforeEach(() => {
  calls = []
  outcomeOfJob = done
  eventsBatches = []
})

test.each(errorCodes)('%s: a sentence for people, the record for programs, its exit status for both', async (code) => {
  const { exitStatus } = errorTable[code]
  const human = await engine.mayfly(['show', '--', code])
  expect(human).toMatchObject({ status: exitStatus, stdout: '' })
  expect(human.stderr).toContain(`It failed\\x1b[2J: ${code}.`)
  expect(human.stderr).toContain('Do this.')
  expect(human.stderr).not.toMatch(/[^\P{Cc}\n]/u)
  const json = await engine.mayfly(['show', '--json', '--', code])
  expect(json).toMatchObject({ status: exitStatus, stdout: '' })
  expect(JSON.parse(json.stderr)).toEqual({ error: { code, message: `It failed\u{1b}[2J: ${code}.`, details: detailsOf(code) } })
})

test('--json prints what the engine answered, unchanged', async () => {
  const { status, stdout, stderr } = await engine.mayfly(['list', '--json'])
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(JSON.parse(stdout)).toEqual([summaryOf(), summaryOf({ name: '😀', state: 'stopped', pid: null, uptimeSeconds: null })])
})

test('what is wrong with the words is said as JSON too, before any call', async () => {
  const { status, stderr } = await engine.mayfly(['create', 'x', '--memory', 'lots', '--json'])
  expect({ status, error: JSON.parse(stderr) as unknown }).toEqual({
    status: 2,
    error: { error: { code: 'invalid-input', message: '--memory does not understand the size "lots".', details: { issues: [{ path: '--memory', message: '--memory does not understand the size "lots".' }] } } },
  })
})

test('input goes out as the contract has it, files as absolute paths', async () => {
  await engine.mayfly(['create', '😀 a/b', '--memory', '1.5G', '--forward', '2222:22', '--start', '-q'])
  await engine.mayfly(['image', 'add', 'some/disk.qcow2'], { cwd: '/srv' })
  expect(calls).toEqual([
    { name: '😀 a/b', memoryMiB: 1536, forwards: [{ protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 2222, guestPort: 22 }], start: true, preallocation: 'off', throwaway: false },
    { file: '/srv/some/disk.qcow2' },
  ])
})

test('a job is waited for; its end is the output, and progress never is', async () => {
  eventsBatches = [[{ type: 'job.changed', revision: 2, job: { ...job, stage: 'Packing' } }]]
  expect(await engine.mayfly(['image', 'build', 'tiny'])).toMatchObject({ status: 0, stdout: '✔ The image tiny is ready.\n' })
  const json = await engine.mayfly(['image', 'build', 'tiny', '--json'])
  expect({ ...json, stdout: JSON.parse(json.stdout) as unknown }).toEqual({ status: 0, stdout: done, stderr: '' })
})

test('a failed job ends with its error', async () => {
  outcomeOfJob = failed
  expect(await engine.mayfly(['image', 'build', 'tiny', '-q'])).toEqual({ status: 14, stdout: '', stderr: 'mayfly: The disk is full.\n' })
  const json = await engine.mayfly(['image', 'build', 'tiny', '--json'])
  expect(json.status).toBe(14)
  expect(JSON.parse(json.stdout)).toEqual(failed)
  expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: 'no-space' } })
})

test('what destroys is asked for, and without anybody to ask needs --yes', async () => {
  expect(await engine.mayfly(['delete', 'web'])).toMatchObject({ status: 2, stdout: '' })
  expect(calls).toEqual([])
  expect(await engine.mayfly(['delete', 'web', '--yes'])).toEqual({ status: 0, stdout: `-odd name is in the trash. Get it back: mayfly trash restore -- '-odd name'\n`, stderr: '' })
  expect(calls).toEqual([{ machine: 'web', force: false }])
})

test('a log is shown harmless at a terminal and unchanged in a pipe', async () => {
  expect((await engine.mayfly(['log', 'web', '--qemu'])).stdout).toBe('qemu: \u{1b}[2Jclear\r\n')
  expect((await engine.mayfly(['log', 'web'], { terminal: true })).stdout).toBe('serial: \\x1b[2Jclear\n')
  expect(await engine.mayfly(['log', 'web', '--follow', '--events'])).toEqual({ status: 0, stdout: 'events one\ntwo\n', stderr: '[7 bytes left out]\n' })
  expect(await engine.mayfly(['log', 'web', '--qemu', '--qmp'])).toMatchObject({ status: 2 })
})

test('a screenshot is written whole, and never over a file unasked', async () => {
  const cwd = engine.home
  expect(await engine.mayfly(['screenshot', 'web', 'a.png', '-q'], { cwd })).toEqual({ status: 0, stdout: '', stderr: '' })
  expect(readFileSync(join(cwd, 'a.png'))).toEqual(png)
  writeFileSync(join(cwd, 'kept.png'), 'mine')
  expect(await engine.mayfly(['screenshot', 'web', 'kept.png'], { cwd })).toMatchObject({ status: 4 })
  expect(readFileSync(join(cwd, 'kept.png'), 'utf8')).toBe('mine')
  expect(await engine.mayfly(['screenshot', 'web', 'kept.png', '--force', '-q'], { cwd })).toMatchObject({ status: 0 })
  expect(readFileSync(join(cwd, 'kept.png'))).toEqual(png)
  expect(await engine.mayfly(['screenshot', 'web', 'none/b.png'], { cwd })).toMatchObject({ status: 2 })
  expect(existsSync(join(cwd, 'none'))).toBe(false)
  expect(JSON.parse((await engine.mayfly(['screenshot', 'web', '--json'])).stdout)).toEqual({ mediaType: 'image/png', base64: png.toString('base64') })
  expect(await engine.mayfly(['screenshot', 'web', '-'], { terminal: true })).toMatchObject({ status: 2 })
})

test('watch begins again after a gap', async () => {
  const snapshot: EngineEvent = { type: 'snapshot', revision: 1, machines: [summaryOf()], jobs: [], images: [], templates: [], runs: [] }
  const batches: EngineEvent[][] = [
    [snapshot, { type: 'machine.changed', revision: 2, machine: summaryOf() }, { type: 'machine.changed', revision: 3, machine: summaryOf({ state: 'paused', pausedBy: 'user' }) }, { type: 'gap', revision: 9 }],
    [{ ...snapshot, revision: 9 }, { type: 'machine.happened', revision: 10, machine: summaryOf().id, what: 'crashed', sentence: 'It crashed\u{1b}[2J.', at: '2026-01-01T00:00:00.000Z' }],
  ]
  eventsBatches = structuredClone(batches)
  const human = await engine.mayfly(['watch'])
  expect(human.stdout.replace(/^\d\d:\d\d:\d\d {2}/gm, '')).toBe([
    '1 machines, 1 with a process, 0 images, 0 jobs running.', '◐ web is paused', 'Some events were missed; here is how things are:', '1 machines, 1 with a process, 0 images, 0 jobs running.', 'web: It crashed\\x1b[2J.', '',
  ].join('\n'))
  eventsBatches = structuredClone(batches)
  const json = await engine.mayfly(['watch', '--json'])
  expect(json.stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as unknown)).toEqual(batches.flat())
})
