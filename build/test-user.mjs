/**
 * Who runs the tests. Root hides every permission error, so when root calls, an ordinary system
 * user is made once and the tests run as that user, on this checkout where it may read it and on a
 * copy where it may not. Anybody else runs them as themselves.
 */
import { chmodSync, chownSync, constants, copyFileSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, utimesSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram, run } from './command.mjs'

const userName = 'mayfly-test'
const home = `/var/lib/${userName}`

/**
 * @typedef {object} TestUser
 * @property {number} uid
 * @property {number} gid
 * @property {string} home
 * @property {string} cache survives between runs
 * @property {(program: string, args: readonly string[]) => { program: string, args: string[] }} as how to run something as this user
 */

/**
 * The user that runs the tests; made when it is root who asks and it does not exist yet.
 * @returns {Promise<TestUser>}
 */
export async function testUser() {
  const uid = process.getuid?.() ?? 0
  if (uid !== 0) {
    const cache = process.env['MAYFLY_TEST_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'mayfly-tests')
    mkdirSync(cache, { recursive: true })
    return { uid, gid: process.getgid?.() ?? 0, home: homedir(), cache, as: (program, args) => ({ program, args: [...args] }) }
  }
  let ids = readIds()
  if (ids === undefined) {
    console.error(`Making the system user ${userName}, who runs the tests.`)
    const { status, output } = await run(findProgram('useradd') ?? 'useradd', ['--system', '--user-group', '--home-dir', home, '--shell', '/usr/sbin/nologin', userName])
    if (status !== 0) throw new Error(`The user ${userName} could not be made: ${output}`)
    ids = readIds()
    if (ids === undefined) throw new Error(`useradd succeeded, but /etc/passwd does not know ${userName}.`)
  }
  const { uid: testUid, gid } = ids
  const cache = process.env['MAYFLY_TEST_CACHE'] ?? join(home, 'cache')
  for (const folder of [home, cache]) {
    mkdirSync(folder, { recursive: true })
    chownSync(folder, testUid, gid)
  }
  chmodSync(home, 0o755)
  const setpriv = findProgram('setpriv')
  if (setpriv === undefined) throw new Error('setpriv (of util-linux) is missing; it runs the tests as an ordinary user.')
  return {
    uid: testUid,
    gid,
    home,
    cache,
    as: (program, args) => ({
      program: setpriv,
      args: ['--reuid', String(testUid), '--regid', String(gid), '--clear-groups', '--no-new-privs', '--', program, ...args],
    }),
  }
}

/** @returns {{ uid: number, gid: number } | undefined} */
function readIds() {
  const line = readFileSync('/etc/passwd', 'utf8').split('\n').find((entry) => entry.startsWith(`${userName}:`))
  if (line === undefined) return undefined
  const [, , uid, gid] = line.split(':')
  return { uid: Number(uid), gid: Number(gid) }
}

/**
 * A folder of this run alone, short enough for socket paths: `run` (XDG_RUNTIME_DIR), `tmp`
 * (TMPDIR) and `home` (HOME), so no test meets the machines of the person who runs it.
 * @param {TestUser} user
 */
export function makeRunFolder(user) {
  const folder = mkdtempSync(join(tmpdir(), 'mf-'))
  for (const path of [folder, join(folder, 'run'), join(folder, 'tmp'), join(folder, 'home')]) {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    chownSync(path, user.uid, user.gid)
  }
  return folder
}

/**
 * A checkout and a Node the user can read: the ones given, or copies in the user's home.
 * @param {TestUser} user
 * @param {string} checkout
 * @returns {Promise<{ checkout: string, node: string }>}
 */
export async function readableBy(user, checkout) {
  let node = process.execPath
  if (!(await succeedsAs(user, node, ['-e', '0']))) {
    node = join(user.home, 'node')
    copyFileSync(process.execPath, node, constants.COPYFILE_FICLONE)
    chmodSync(node, 0o755)
  }
  if (await canReadAll(user, checkout)) return { checkout, node }
  const copy = join(user.home, 'checkout')
  console.error(`${userName} cannot read ${checkout}; the tests run on a copy in ${copy}.`)
  mirror(checkout, copy)
  return { checkout: copy, node }
}

/**
 * @param {TestUser} user
 * @param {string} checkout
 */
async function canReadAll(user, checkout) {
  const { program, args } = user.as('find', [checkout, '-name', '.git', '-prune', '-o', '(', '-not', '-readable', '-o', '-type', 'd', '-not', '-executable', ')', '-print', '-quit'])
  const { status, output } = await run(program, args, { cwd: '/' })
  return status === 0 && output === ''
}

/**
 * @param {TestUser} user
 * @param {string} command
 * @param {readonly string[]} commandArgs
 */
async function succeedsAs(user, command, commandArgs) {
  const { program, args } = user.as(command, commandArgs)
  return (await run(program, args, { cwd: '/' })).status === 0
}

/**
 * Makes `copy` equal to `original`, readable by everybody. Files of the same size and time are
 * taken to be the same; history is left out.
 * @param {string} original
 * @param {string} copy
 */
export function mirror(original, copy) {
  mkdirSync(copy, { recursive: true })
  chmodSync(copy, 0o755)
  const entries = readdirSync(original, { withFileTypes: true }).filter(({ name }) => name !== '.git')
  const wanted = new Set(entries.map(({ name }) => name))
  for (const name of readdirSync(copy)) {
    if (!wanted.has(name)) rmSync(join(copy, name), { recursive: true, force: true })
  }
  for (const entry of entries) {
    const from = join(original, entry.name)
    const to = join(copy, entry.name)
    const there = existsSync(to) || isLink(to) ? lstatSync(to) : undefined
    if (entry.isDirectory()) {
      if (there !== undefined && !there.isDirectory()) rmSync(to)
      mirror(from, to)
    } else if (entry.isSymbolicLink()) {
      if (there !== undefined) rmSync(to, { recursive: true })
      symlinkSync(readlinkSync(from), to)
    } else if (entry.isFile()) {
      const stat = lstatSync(from)
      if (there?.isFile() === true && there.size === stat.size && Math.abs(there.mtimeMs - stat.mtimeMs) < 2) continue
      if (there !== undefined) rmSync(to, { recursive: true })
      copyFileSync(from, to, constants.COPYFILE_FICLONE)
      chmodSync(to, (stat.mode & 0o111) === 0 ? 0o644 : 0o755)
      utimesSync(to, stat.atime, stat.mtime)
    }
  }
}

/** @param {string} path */
function isLink(path) {
  try {
    return lstatSync(path).isSymbolicLink()
  } catch {
    return false
  }
}
