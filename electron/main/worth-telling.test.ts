import { expect, test } from 'vitest'
import type { EngineEvent } from '../../contract/event.ts'
import type { JobId, MachineId } from '../../contract/ids.ts'
import type { Job } from '../../contract/job.ts'
import { worthTelling } from './worth-telling.ts'

const machine = 'abcdefghijkl' as MachineId
const happened = (what: 'crashed' | 'stopped'): EngineEvent => ({ type: 'machine.happened', revision: 1, machine, what, sentence: 'web crashed: SIGSEGV.', at: '2026-01-01T00:00:00.000Z' })
const job = (state: Job['state'], more: Partial<Job> = {}): EngineEvent => ({
  type: 'job.changed',
  revision: 1,
  job: { id: 'jjjjjjjjjjjj' as JobId, kind: 'machine.clone', title: 'Clone web', machine, state, stage: '', progress: null, bytesPerSecond: null, remainingSeconds: null, startedAt: '', endedAt: null, error: null, result: null, ...more },
})

test('a crash is told, a stop is not', () => {
  expect(worthTelling(happened('crashed'), new Set())).toEqual({ title: 'A machine crashed', body: 'web crashed: SIGSEGV.', machine })
  expect(worthTelling(happened('stopped'), new Set())).toBeUndefined()
})

test('a job is told once, when it ends; one that was cancelled, or had ended before, is not', () => {
  const underWay = new Set<string>()
  const done = job('done', { result: { sentence: 'web was cloned.' } })
  expect(worthTelling(done, underWay)).toBeUndefined()
  expect(worthTelling(job('running'), underWay)).toBeUndefined()
  expect(worthTelling(done, underWay)).toEqual({ title: 'Clone web', body: 'web was cloned.', machine })
  expect(worthTelling(done, underWay)).toBeUndefined()
  worthTelling(job('running'), underWay)
  expect(worthTelling(job('cancelled'), underWay)).toBeUndefined()
  worthTelling(job('running'), underWay)
  expect(worthTelling(job('failed', { error: { code: 'no-space', message: 'The disk is full.', details: {}, retryable: true, next: null } }), underWay)).toEqual({ title: 'Clone web: failed', body: 'The disk is full.', machine })
})
