import { expect, test } from 'vitest'
import { classifyExit, type ExitEvidence } from './exit.ts'

const now = new Date('2026-01-02T03:04:05Z')
const evidence = (parts: Partial<ExitEvidence>): ExitEvidence => ({ asked: false, record: null, pidFileLeft: false, hostRestarted: false, neverRan: false, qemuTail: '', serialTail: '', now, ...parts })
const record = (exitStatus: number | null, signal: string | null) => ({ pid: 7, exitStatus, signal, endedAt: now })

test.each([
  ['status 0 is the guest\'s own end', evidence({ record: record(0, null), pidFileLeft: true }), 'guest'],
  ['status 0 after a request is that request', evidence({ asked: true, record: record(0, null) }), 'asked'],
  ['a kill that we asked for is no crash', evidence({ asked: true, record: record(null, 'SIGKILL') }), 'asked'],
  ['another status is a crash', evidence({ record: record(1, null) }), 'crashed'],
  ['a signal is a crash', evidence({ record: record(null, 'SIGSEGV') }), 'crashed'],
  ['no record, pid file removed: QEMU ended in order', evidence({ pidFileLeft: false }), 'guest'],
  ['no record, pid file left: it did not', evidence({ pidFileLeft: true }), 'crashed'],
  ['no process ever came: it was never started', evidence({ neverRan: true }), 'launch-failed'],
  ['a QEMU that came and was killed before it was on record did crash', evidence({ neverRan: true, pidFileLeft: true }), 'crashed'],
  ['another boot of the host is not a crash of QEMU', evidence({ hostRestarted: true, pidFileLeft: true }), 'host-restarted'],
])('%s', (_what, given, kind) => {
  expect(classifyExit(given).kind).toBe(kind)
})

test('a crash keeps what is known and says it', () => {
  const exit = classifyExit(evidence({ record: record(null, 'SIGSEGV'), qemuTail: 'first\nqemu: bad thing\n', serialTail: 'login:' }))
  expect(exit).toEqual({ kind: 'crashed', sentence: 'QEMU was ended by SIGSEGV. It said: qemu: bad thing', exitStatus: null, signal: 'SIGSEGV', qemuTail: 'first\nqemu: bad thing\n', serialTail: 'login:', at: now.toISOString() })
})
