/**
 * Adds up what several runs of vitest say. Counts every way a test can fail to pass: a file that
 * does not load, an error outside of any test, and a test that was skipped are failures too,
 * otherwise "0 failed" would be said of tests that never ran.
 */

/**
 * @typedef {object} VitestReport what vitest's JSON reporter writes, as far as it is read here
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {{ name: string, status: string, message: string, assertionResults: { status: string, fullName: string }[] }[]} testResults
 *
 * @typedef {object} Count
 * @property {number} passed
 * @property {number} failed
 * @property {string[]} reasons failures that are no failed test, one sentence each
 */

/**
 * @param {VitestReport | undefined} report undefined when vitest died before it wrote one
 * @param {number} status vitest's exit status
 * @param {{ filtered: boolean }} options whether the caller chose tests by name, which makes others skip
 * @returns {Count}
 */
export function countReport(report, status, options) {
  if (report === undefined) {
    return status === 0 ? { passed: 0, failed: 0, reasons: [] } : { passed: 0, failed: 1, reasons: [`The test runner ended with status ${status} and no report.`] }
  }
  const reasons = []
  for (const file of report.testResults) {
    if (file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed')) {
      reasons.push(`${file.name} could not be run: ${file.message.split('\n')[0] ?? ''}`)
    }
    if (options.filtered) continue
    for (const test of file.assertionResults) {
      if (test.status !== 'passed' && test.status !== 'failed') reasons.push(`${file.name}: "${test.fullName}" was skipped.`)
    }
  }
  const failed = report.numFailedTests + reasons.length
  if (status !== 0 && failed === 0) reasons.push('The test runner saw an error outside of any test; it is shown above.')
  return { passed: report.numPassedTests, failed: report.numFailedTests + reasons.length, reasons }
}

/**
 * @param {readonly Count[]} counts
 * @returns {Count}
 */
export function addCounts(counts) {
  return {
    passed: counts.reduce((sum, count) => sum + count.passed, 0),
    failed: counts.reduce((sum, count) => sum + count.failed, 0),
    reasons: counts.flatMap((count) => count.reasons),
  }
}
