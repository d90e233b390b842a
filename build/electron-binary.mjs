/**
 * The official Electron of the npm package: where its binary is, and how it gets here. npm's
 * package downloads it from elsewhere when it is first needed; where that fails, Mayfly opens in
 * the browser, and a day passes before it is tried again, because it can take minutes to fail.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { run } from './command.mjs'

const tryAgainMs = 24 * 60 * 60 * 1000

/**
 * The program; undefined where it is not here.
 * @param {string} root the checkout
 * @returns {string | undefined}
 */
export function findElectron(root) {
  const folder = process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(root, 'node_modules/electron/dist')
  const program = join(folder, 'electron')
  return existsSync(program) ? program : undefined
}

/**
 * The program, downloaded if need be; undefined where it cannot be had.
 * @param {string} root the checkout
 * @returns {Promise<string | undefined>}
 */
export async function ensureElectron(root) {
  const present = findElectron(root)
  const installer = join(root, 'node_modules/electron/install.js')
  const failure = join(root, 'out/stamps/electron-not-downloaded')
  if (present !== undefined || !existsSync(installer) || process.env['ELECTRON_SKIP_BINARY_DOWNLOAD'] !== undefined) return present
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/electron/package.json'), 'utf8'))
  if (existsSync(failure) && readFileSync(failure, 'utf8') === version && Date.now() - statSync(failure).mtimeMs < tryAgainMs) return undefined
  console.error(`Downloading Electron ${version}, about 110 MB, once ...`)
  const { status } = await run(process.execPath, [installer], { cwd: root })
  const program = findElectron(root)
  if (status === 0 && program !== undefined) {
    rmSync(failure, { force: true })
    return program
  }
  console.error('It could not be downloaded; it is tried again tomorrow.')
  mkdirSync(dirname(failure), { recursive: true })
  writeFileSync(failure, version)
  return undefined
}
