/**
 * `npm test`: everything from nothing, then all tests as an ordinary user, then a look for what
 * they left behind. The last line is always `N passed, N failed`.
 *
 * Arguments are passed on to vitest as filters (`npm test -- engine/qemu`). `--qemu10` runs the
 * tests with machines on QEMU 10 instead of the installed one; `--failed-before N` adds failures
 * found elsewhere to the count.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { bootstrap, root } from './bootstrap.mjs'
import { buildOrExit } from './build.mjs'
import { run } from './command.mjs'
import { filesBelow } from './content-stamp.mjs'
import { findLeaks, processesOf, runMark, sharedMemoryNames } from './leaks.mjs'
import { addCounts, countReport } from './test-report.mjs'
import { makeRunFolder, readableBy, testUser } from './test-user.mjs'

const filters = process.argv.slice(2)
const qemu10 = takeFlag('--qemu10')
const failedBefore = Number(takeValue('--failed-before') ?? 0)

let counted = false
process.on('exit', () => {
  if (!counted) console.log('0 passed, 1 failed')
})

await bootstrap({ tests: true, assumeYes: takeFlag('--yes') })
await buildOrExit()

const user = await testUser()
const { checkout, node } = await readableBy(user, root)
const folder = makeRunFolder(user)
const sharedBefore = sharedMemoryNames()
/** @type {NodeJS.ProcessEnv} */
const env = {
  // npm puts folders of the checkout in front, which the test user may not be able to look into.
  PATH: (process.env['PATH'] ?? '').split(delimiter).filter((entry) => !entry.includes('node_modules') && !entry.includes('node-gyp-bin')).join(delimiter),
  LANG: 'C.UTF-8',
  CI: process.env['CI'],
  HOME: join(folder, 'home'),
  TMPDIR: join(folder, 'tmp'),
  XDG_RUNTIME_DIR: join(folder, 'run'),
  MAYFLY_TEST_CACHE: user.cache,
  MAYFLY_QEMU: process.env['MAYFLY_QEMU'],
  [runMark]: folder,
}
if (qemu10) {
  const { ensureQemu10 } = await import(new URL('qemu10.mjs', import.meta.url).href)
  Object.assign(env, await ensureQemu10(join(user.cache, 'qemu10')))
}

let interrupted = false
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.once(signal, () => (interrupted = true))

if (!qemu10) {
  const { ensureElectronRuntime } = await import(new URL('electron-runtime.mjs', import.meta.url).href)
  // Without it the tests in windows fail and say why; the others are still worth running.
  await ensureElectronRuntime(user.cache).catch((/** @type {unknown} */ error) => console.error(error instanceof Error ? error.message : String(error)))
}
const counts = [await runTests(qemu10 ? ['qemu'] : ['unit', 'qemu', 'window'], true)]
if (process.getuid?.() === 0 && !qemu10 && !interrupted && rootTestsExist()) counts.push(await runTests(['root'], false))

const leaks = await findLeaks({ folder, uid: user.uid, sharedBefore })
for (const { pid } of leaks.processes) killOwn(pid)
const left = [...leaks.processes.map(({ pid, command }) => `process ${pid}: ${command}`), ...leaks.mounts.map((path) => `mount ${path}`), ...leaks.files]
if (left.length > 0) counts.push({ passed: 0, failed: 1, reasons: [`The tests left behind:\n  ${left.join('\n  ')}`] })
await until(() => processesOf(folder).length === 0)
for (const mount of leaks.mounts) await run('umount', [mount])
rmSync(folder, { recursive: true, force: true })

const sum = addCounts([...counts, { passed: 0, failed: failedBefore, reasons: failedBefore > 0 ? [`${failedBefore} failed before the tests began; see above.`] : [] }])
if (sum.passed + sum.failed === 0) {
  sum.failed = 1
  sum.reasons.push(`No test was run${filters.length > 0 ? ` for ${filters.join(' ')}` : ''}.`)
}
for (const reason of sum.reasons) console.log(`FAILED ${reason}`)
counted = true
console.log(`${sum.passed} passed, ${sum.failed} failed`)
process.exitCode = sum.failed === 0 && !interrupted ? 0 : 1

/**
 * One run of vitest over some of its projects.
 * @param {readonly string[]} projects
 * @param {boolean} asTestUser
 */
async function runTests(projects, asTestUser) {
  const report = join(folder, asTestUser ? 'tmp' : '', 'vitest-report.json')
  const vitest = [
    join(checkout, 'node_modules/vitest/vitest.mjs'), 'run', '--configLoader', 'runner', '--passWithNoTests',
    '--reporter', 'default', '--reporter', 'json', `--outputFile.json=${report}`,
    ...projects.flatMap((project) => ['--project', project]), ...filters,
  ]
  const { program, args } = asTestUser ? user.as(node, vitest) : { program: node, args: vitest }
  const { status } = await run(program, args, { cwd: checkout, env, show: true })
  const parsed = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined
  rmSync(report, { force: true })
  return countReport(parsed, status, { filtered: filters.some((filter) => filter.startsWith('-')) })
}

function rootTestsExist() {
  return filesBelow([checkout], (path) => path.endsWith('.root.test.ts')).length > 0
}

/** @param {number} pid */
function killOwn(pid) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ESRCH') throw error
  }
}

/** @param {() => boolean} condition */
async function until(condition) {
  for (const deadline = Date.now() + 5000; !condition() && Date.now() < deadline; ) await new Promise((resolve) => setTimeout(resolve, 50))
}

/** @param {string} name */
function takeFlag(name) {
  const index = filters.indexOf(name)
  if (index >= 0) filters.splice(index, 1)
  return index >= 0
}

/** @param {string} name */
function takeValue(name) {
  const index = filters.indexOf(name)
  return index < 0 ? undefined : filters.splice(index, 2)[1]
}
