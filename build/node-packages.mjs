/**
 * Brings the npm packages of the lock file into node_modules. What is installed is read from the
 * lock file npm itself keeps inside node_modules, so an `npm ci` by hand counts as well, and a
 * changed package-lock.json is noticed without asking npm.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './command.mjs'

/**
 * @typedef {{ version?: string, optional?: boolean, devOptional?: boolean, link?: boolean }} LockedPackage
 * @typedef {Record<string, LockedPackage>} LockedPackages
 */

/**
 * What the lock file wants and node_modules lacks, as `name@version`. Optional packages count only
 * where another version of them is installed: most of them are for other platforms.
 * @param {LockedPackages} wanted
 * @param {LockedPackages} installed
 * @returns {string[]}
 */
export function missingPackages(wanted, installed) {
  const missing = []
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '' || entry.link === true) continue
    const present = installed[path]
    if (present === undefined && (entry.optional === true || entry.devOptional === true)) continue
    if (present?.version !== entry.version) missing.push(`${path.replace(/^.*node_modules\//, '')}@${entry.version ?? '?'}`)
  }
  return missing
}

/**
 * Installs the npm packages where they are missing or not those of the lock file. `npm install
 * --no-save` takes the lock file's versions as `npm ci` does, but keeps what is right already.
 * @param {string} root the checkout
 * @returns {Promise<void>} rejects with a sentence for people when npm fails
 */
export async function ensureNodePackages(root) {
  const missing = missingPackages(readLock(join(root, 'package-lock.json')), readLock(join(root, 'node_modules/.package-lock.json')))
  if (missing.length === 0) return
  console.error(`Installing npm packages: ${missing.length} of them missing or changed ...`)
  const npm = process.env['npm_execpath']
  const useRunning = npm !== undefined && npm.endsWith('.js') && existsSync(npm)
  const install = ['install', '--no-save', '--no-audit', '--no-fund']
  const { status } = await run(useRunning ? process.execPath : 'npm', [...(useRunning ? [npm] : []), ...install], { cwd: root, show: 'on-stderr' })
  if (status !== 0) throw new Error(`npm could not install the packages (status ${status}). Its own words are above; run this command again when that is solved.`)
}

/**
 * @param {string} file
 * @returns {LockedPackages}
 */
function readLock(file) {
  if (!existsSync(file)) return {}
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {}
  } catch {
    return {}
  }
}
