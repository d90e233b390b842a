/**
 * From a bare checkout to one that can be built: Node itself, the system's packages, the npm
 * packages. Imports Node's own modules only, and so must everything it imports. When all is there
 * it costs a few milliseconds.
 */
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureNodePackages } from './node-packages.mjs'
import { systemNeeds, testNeeds } from './system-needs.mjs'
import { ensureSystemPackages, SystemPackagesMissing } from './system-packages.mjs'

/** The checkout. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Exit status when something has to be installed that we may not install ourselves. */
export const exitMissing = 3

/** What rolldown and vite need; Mayfly's own code runs on 20.18 too. */
const oldestNode = [20, 19]

/**
 * Whether a version like `20.19.1` is at least the oldest Node we run on.
 * @param {string} version
 */
export function nodeIsNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor = 0, oldestMinor = 0] = oldestNode
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)
}

/**
 * Makes sure of everything; on failure prints what to do and ends the process.
 * @param {{ system?: boolean, tests?: boolean, assumeYes?: boolean }} [options]
 *   `system: false` leaves the system's packages out (the checks need none), `tests` adds those of the tests
 */
export async function bootstrap(options = {}) {
  if (!nodeIsNewEnough(process.versions.node)) {
    console.error(`Mayfly needs Node ${oldestNode.join('.')} or newer; this is Node ${process.versions.node} (${process.execPath}).`)
    process.exit(exitMissing)
  }
  if (process.platform !== 'linux') {
    console.error(`Mayfly runs on Linux for now; this is ${process.platform}.`)
    process.exit(exitMissing)
  }
  try {
    if (options.system !== false) {
      const needs = options.tests === true && process.getuid?.() === 0 ? [...systemNeeds, ...testNeeds] : systemNeeds
      await ensureSystemPackages(needs, { assumeYes: options.assumeYes === true })
    }
    await ensureNodePackages(root)
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    process.exit(error instanceof SystemPackagesMissing ? exitMissing : 1)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await bootstrap({ tests: process.argv.includes('--tests'), assumeYes: process.argv.includes('--yes') })
}
