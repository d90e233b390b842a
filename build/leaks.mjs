/**
 * What a test run left behind. A process belongs to the run when its environment carries the run's
 * mark or its command line or working folder lies in the run's folder, so
 * machines of the user's own and of a second run are never taken for leaks.
 */
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** The variable that marks every process of a test run. */
export const runMark = 'MAYFLY_TEST_RUN'

const sharedMemory = '/dev/shm'
const graceMs = 3000
const pollMs = 100

/**
 * @typedef {object} LeakScope
 * @property {string} folder the run's own folder, with `run` and `tmp` in it
 * @property {number} uid
 * @property {ReadonlySet<string>} sharedBefore names in /dev/shm before the run
 *
 * @typedef {object} Leaks
 * @property {{ pid: number, command: string }[]} processes
 * @property {string[]} mounts
 * @property {string[]} files
 */

/** @returns {ReadonlySet<string>} */
export function sharedMemoryNames() {
  return new Set(existsSync(sharedMemory) ? readdirSync(sharedMemory) : [])
}

/**
 * What is left, once nothing goes away by itself any more.
 * @param {LeakScope} scope
 * @returns {Promise<Leaks>}
 */
export async function findLeaks(scope) {
  const deadline = Date.now() + graceMs
  for (;;) {
    const leaks = { processes: processesOf(scope.folder), mounts: mountsOf(scope.folder), files: [...leftFiles(scope.folder), ...leftSharedMemory(scope)] }
    const clean = leaks.processes.length + leaks.mounts.length + leaks.files.length === 0
    if (clean || Date.now() > deadline) return leaks
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}

/**
 * Processes that belong to the run in this folder, this process excepted.
 * @param {string} folder
 */
export function processesOf(folder) {
  const found = []
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    if (!Number.isInteger(pid) || pid === process.pid) continue
    const command = readProc(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()
    const belongs =
      command.includes(`${folder}/`) ||
      readProc(`/proc/${pid}/environ`).split('\0').includes(`${runMark}=${folder}`) ||
      readLink(`/proc/${pid}/cwd`).startsWith(`${folder}/`)
    if (belongs && command !== '') found.push({ pid, command: command.slice(0, 200) })
  }
  return found
}

/**
 * File systems mounted below the run's folder, innermost first. Only tests that are root mount any.
 * @param {string} folder
 */
function mountsOf(folder) {
  return readProc('/proc/self/mounts')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${folder}/`))
    .reverse()
}

/** @param {string} folder */
function leftFiles(folder) {
  return [...namesIn(join(folder, 'run')), ...namesIn(join(folder, 'tmp')).filter((path) => !/\/(mayfly-vitest|vitest-|node-compile-cache|jiti$)/.test(path))]
}

/** @param {string} folder */
function namesIn(folder) {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []
}

/** @param {LeakScope} scope */
function leftSharedMemory(scope) {
  return [...sharedMemoryNames()]
    .filter((name) => !scope.sharedBefore.has(name) && name.startsWith('mayfly'))
    .map((name) => join(sharedMemory, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.uid === scope.uid)
}

/** @param {string} path */
function readProc(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** @param {string} path */
function readLink(path) {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
