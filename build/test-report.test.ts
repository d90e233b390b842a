import { expect, test } from 'vitest'
import { addCounts, countReport } from './test-report.mjs'

const file = (status: string, ...tests: string[]) => ({
  name: 'a.test.ts',
  status,
  message: 'SyntaxError\n  at a',
  assertionResults: tests.map((state, index) => ({ status: state, fullName: `t${index}` })),
})
const report = (passed: number, failed: number, ...testResults: ReturnType<typeof file>[]) => ({ numPassedTests: passed, numFailedTests: failed, testResults })

test('tests that pass and fail are counted as they are', () => {
  expect(countReport(report(2, 1, file('failed', 'passed', 'passed', 'failed')), 1, { filtered: false })).toEqual({ passed: 2, failed: 1, reasons: [] })
})

test('a file that does not load is a failure', () => {
  expect(countReport(report(0, 0, file('failed')), 1, { filtered: false })).toEqual({
    passed: 0,
    failed: 1,
    reasons: ['a.test.ts could not be run: SyntaxError'],
  })
})

test('a skipped test is a failure, unless the caller chose tests by name', () => {
  const skipped = report(1, 0, file('passed', 'passed', 'skipped'))
  expect(countReport(skipped, 0, { filtered: false })).toEqual({ passed: 1, failed: 1, reasons: ['a.test.ts: "t1" was skipped.'] })
  expect(countReport(skipped, 0, { filtered: true })).toEqual({ passed: 1, failed: 0, reasons: [] })
})

test('an error outside of any test, and a runner that dies, are failures', () => {
  expect(countReport(report(1, 0, file('passed', 'passed')), 1, { filtered: false }).failed).toBe(1)
  expect(countReport(undefined, 137, { filtered: false }).failed).toBe(1)
  expect(countReport(undefined, 0, { filtered: false }).failed).toBe(0)
})

test('counts of several runs are added', () => {
  expect(addCounts([{ passed: 1, failed: 0, reasons: [] }, { passed: 2, failed: 1, reasons: ['x'] }])).toEqual({ passed: 3, failed: 1, reasons: ['x'] })
})
