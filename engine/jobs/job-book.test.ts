import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MayflyError, isMayflyError } from '../../contract/errors.ts'
import type { Job } from '../../contract/job.ts'
import { jobSchema } from '../../contract/job.ts'
import { JobBook } from './job-book.ts'

/** Generous: the hosts of tests are busy. */
const soon = { timeout: 20_000 }

let folder: string
let historyFile: string
let changes: Job[]
let bugs: unknown[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-jobs-'))
  historyFile = join(folder, 'state', 'jobs.jsonl')
  changes = []
  bugs = []
})
afterEach(async () => rm(folder, { recursive: true, force: true }))

function openBook(): Promise<JobBook> {
  return JobBook.open({
    historyFile,
    onChange: (job) => changes.push(job),
    reportBug: (error) => {
      bugs.push(error)
      return 'ref-1'
    },
  })
}

const start = { kind: 'image.add', title: 'Add a disk' } as const

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }))
}

test('a job is answered for at once, tells its progress, and ends with its result', async () => {
  const book = await openBook()
  const begun = book.run(start, async (job) => {
    job.stage('Copying')
    job.progress(50, 100)
    return Promise.resolve({ sentence: 'Added.' })
  })
  expect(begun).toMatchObject({ state: 'running', stage: '', progress: null, endedAt: null, result: null })
  const ended = await book.wait(begun.id)
  expect(ended).toMatchObject({ id: begun.id, state: 'done', stage: 'Copying', progress: 1, result: { sentence: 'Added.' }, error: null })
  expect(changes[0]).toEqual(begun)
  expect(changes.at(-1)).toEqual(ended)
  for (const change of changes) jobSchema.parse(change)
  await book.close()
})

test('many reports become few changes, and the last one is told', async () => {
  const book = await openBook()
  const job = book.run(start, async (handle) => {
    for (let done = 0; done < 10_000; done += 1) handle.progress(done, 10_000)
    return Promise.resolve({ sentence: 'Added.' })
  })
  await book.wait(job.id)
  expect(changes.length).toBeLessThan(10)
  expect(changes.at(-1)?.state).toBe('done')
  await book.close()
})

test('a progress report that was held back is told later', async () => {
  const book = await openBook()
  const job = book.run(start, async (handle) => {
    handle.progress(0.25)
    handle.progress(0.5)
    return untilAborted(handle.signal)
  })
  await expect.poll(() => changes.at(-1)?.progress, soon).toBe(0.5)
  book.cancel(job.id)
  expect((await book.wait(job.id)).state).toBe('cancelled')
  await book.close()
})

test('cancelling aborts the work; a second cancel of an ended job is a conflict', async () => {
  const book = await openBook()
  const job = book.run(start, (handle) => untilAborted(handle.signal))
  await Promise.resolve()
  expect(book.cancel(job.id.slice(0, 8))).toMatchObject({ id: job.id, state: 'running', stage: 'Cancelling' })
  expect(await book.wait(job.id)).toMatchObject({ state: 'cancelled', result: null, error: { code: 'cancelled' } })
  expect(() => book.cancel(job.id)).toThrow(expect.objectContaining({ code: 'conflict' }))
  await book.close()
})

test('expected failures are shown as they are; others become bugs with a reference', async () => {
  const book = await openBook()
  const expected = book.run(start, () => Promise.reject(new MayflyError('no-space', 'The disk is full.', { path: '/x', needed: null, free: 0 })))
  const bug = book.run(start, () => {
    throw new TypeError('undefined is not a function')
  })
  expect((await book.wait(expected.id)).error).toMatchObject({ code: 'no-space', message: 'The disk is full.', retryable: true })
  expect(await book.wait(bug.id)).toMatchObject({ state: 'failed', error: { code: 'bug', details: { reference: 'ref-1' } } })
  expect(bugs).toHaveLength(1)
  await book.close()
})

test('waiting can be given up while the job goes on', async () => {
  const book = await openBook()
  const job = book.run(start, (handle) => untilAborted(handle.signal))
  const giveUp = new AbortController()
  const waiting = book.wait(job.id, giveUp.signal)
  giveUp.abort()
  await expect(waiting).rejects.toSatisfy((error) => isMayflyError(error, 'cancelled'))
  expect(book.running().map((running) => running.id)).toEqual([job.id])
  await book.close()
})

test('an unknown or ambiguous reference is not found', async () => {
  const book = await openBook()
  for (let i = 0; i < 40; i += 1) book.run(start, () => Promise.resolve({ sentence: '' }))
  expect(() => book.get('')).toThrow(expect.objectContaining({ code: 'not-found' }))
  expect(() => book.get('ZZ')).toThrow(expect.objectContaining({ code: 'not-found' }))
  const ids = book.list().map((job) => job.id)
  const twice = ids.map((id) => id.slice(0, 1)).find((first, index, all) => all.indexOf(first) !== index)
  expect(() => book.get(twice ?? '')).toThrow(expect.objectContaining({ code: 'not-found' }))
  await book.close()
})

test('ended jobs outlive the engine; one that ran when the engine died is failed', async () => {
  const first = await openBook()
  const done = first.run(start, () => Promise.resolve({ sentence: 'Added.' }))
  await first.wait(done.id)
  let abandon: () => void = () => undefined
  const hanging = first.run(start, () => new Promise((_resolve, reject) => {
    abandon = () => reject(new MayflyError('cancelled', 'Given up.', {}))
  }))
  await expect.poll(() => readFile(historyFile, 'utf8'), soon).toContain(hanging.id)
  await appendFile(historyFile, '{"id":"torn')

  const second = await openBook()
  expect(second.get(done.id)).toMatchObject({ state: 'done', result: { sentence: 'Added.' } })
  expect(second.get(hanging.id)).toMatchObject({ state: 'failed', error: { code: 'job-failed' } })
  expect(second.list()).toHaveLength(2)
  await second.close()
  abandon()
  await first.close()
})

test('only the last two hundred ended jobs are kept', async () => {
  const book = await openBook()
  const jobs = Array.from({ length: 230 }, () => book.run(start, () => Promise.resolve({ sentence: '' })))
  await Promise.all(jobs.map((job) => book.wait(job.id)))
  expect(book.list()).toHaveLength(200)
  await book.close()
  const again = await openBook()
  expect(again.list()).toHaveLength(200)
  await again.close()
})

test('closing cancels what runs, and nothing can be begun afterwards', async () => {
  const book = await openBook()
  const job = book.run(start, (handle) => untilAborted(handle.signal))
  await book.close()
  expect(book.get(job.id).state).toBe('cancelled')
  expect(() => book.run(start, () => Promise.resolve({ sentence: '' }))).toThrow(expect.objectContaining({ code: 'cancelled' }))
})
