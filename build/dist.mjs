/**
 * `npm run dist`: the desktop app as a folder in dist/, and on Debian's family a .deb of it.
 * `--all` has electron-builder make AppImage, deb and rpm instead, which downloads its tools.
 * `--electron FOLDER` takes Electron from a folder; default: the official one of the npm package.
 */
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { bootstrap, root } from './bootstrap.mjs'
import { buildOrExit } from './build.mjs'
import { findProgram } from './command.mjs'
import { makeDeb } from './deb.mjs'
import { ensureElectron } from './electron-binary.mjs'
import { packagingConfig } from './packaging.mjs'

await bootstrap({ system: false })
await buildOrExit()
if (!existsSync(join(root, 'out/renderer/index.html'))) throw new Error('The pages are not built.')

const all = process.argv.includes('--all')
const given = process.argv.indexOf('--electron')
const electron = given < 0 ? await ensureElectron(root) : join(resolve(process.argv[given + 1] ?? ''), 'electron')
if (electron === undefined || !existsSync(electron)) {
  console.error('There is no Electron to package. Where the official one cannot be downloaded, give one: npm run dist -- --electron FOLDER')
  process.exit(1)
}

const output = join(root, 'dist')
const unpacked = join(output, 'linux-unpacked')
rmSync(unpacked, { recursive: true, force: true })
mkdirSync(output, { recursive: true })
const { build, Platform } = await import('electron-builder')
const config = packagingConfig({ output, electronDist: join(electron, '..') })
await build({
  projectDir: root,
  targets: Platform.LINUX.createTarget(all ? ['AppImage', 'deb', 'rpm'] : ['dir']),
  config: {
    ...config,
    // The loader that a folder of Electron carries is no part of an app.
    afterPack: async ({ appOutDir }) => {
      for (const loader of ['app', 'default_app.asar']) rmSync(join(appOutDir, 'resources', loader), { recursive: true, force: true })
      rmSync(join(appOutDir, 'version'), { force: true })
    },
  },
})
console.log(`made ${unpacked}`)
if (!all && findProgram('dpkg-deb') !== undefined) console.log(`made ${await makeDeb({ unpacked, output })}`)
