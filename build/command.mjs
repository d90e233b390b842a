/**
 * Runs other programs for the scripts in this folder. Uses Node's own modules only, because the
 * bootstrap needs it before any npm package exists.
 */
import { spawn } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * @typedef {object} Outcome
 * @property {number} status Exit status; 128 + the signal's number is not imitated: a signal gives 1
 * @property {string} output stdout and stderr as they came, empty where they were inherited
 */

/**
 * Runs a program to its end. Never throws for a failing program: look at `status`. A program that
 * cannot be started at all has status 127 and the reason as its output.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, show?: boolean | 'on-stderr', input?: 'inherit' | 'ignore', onStart?: (pid: number) => void }} [options]
 *   `show` passes its output through instead of collecting it; `on-stderr` keeps stdout free for our own answer
 * @returns {Promise<Outcome>}
 */
export function run(program, args, options = {}) {
  return new Promise((resolve) => {
    const stdio = options.show === undefined || options.show === false ? 'pipe' : 'inherit'
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: [options.input ?? 'ignore', options.show === 'on-stderr' ? process.stderr : stdio, stdio],
    })
    /** @type {Buffer[]} */
    const chunks = []
    child.stdout?.on('data', (chunk) => chunks.push(chunk))
    child.stderr?.on('data', (chunk) => chunks.push(chunk))
    if (child.pid !== undefined) options.onStart?.(child.pid)
    child.on('error', (error) => {
      resolve({ status: 127, output: error.message })
    })
    child.on('close', (status) => {
      resolve({ status: status ?? 1, output: Buffer.concat(chunks).toString('utf8') })
    })
  })
}

/**
 * Where a program is, looking also into the folders an ordinary user's PATH leaves out.
 * @param {string} name
 * @returns {string | undefined}
 */
export function findProgram(name) {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']
  for (const folder of folders) {
    if (folder === '') continue
    const path = join(folder, name)
    if (isExecutable(path)) return path
  }
  return undefined
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
