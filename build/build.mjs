/**
 * Builds everything into out/: the bundles of each host and the native parts, only what changed.
 * A bundle is written beside the old one and moved over it file by file, entry last, so a `mayfly`
 * that runs meanwhile never meets a torn file.
 */
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bootstrap, root } from './bootstrap.mjs'
import { digestOf, filesBelow, isFresh, writeStamp } from './content-stamp.mjs'
import { buildNative } from './native.mjs'
import { buildRenderer } from './renderer.mjs'

/**
 * @typedef {object} Bundle
 * @property {string} entry
 * @property {string} folder below out/
 * @property {string} name
 * @property {readonly string[]} sources folders whose files may end up in it
 * @property {'commonjs'} [format] default: an ES module
 * @property {readonly string[]} [assets] files that lie beside it
 */

/** @type {readonly Bundle[]} */
const bundles = [
  { entry: 'hosts/cli/main.ts', folder: 'cli', name: 'mayfly', sources: ['contract', 'engine', 'hosts/cli', 'hosts/page', 'hosts/web', 'hosts/socket', 'hosts/holder'] },
  { entry: 'hosts/holder/engine-main.ts', folder: 'engine', name: 'mayfly-engine', sources: ['contract', 'engine', 'hosts/socket', 'hosts/holder'] },
  { entry: 'electron/main/main.ts', folder: 'desktop', name: 'main', sources: ['contract', 'engine', 'electron/main', 'hosts/page', 'hosts/socket', 'hosts/holder'], assets: ['electron/main/icon.png'] },
  // Sandboxed preload scripts cannot be ES modules.
  { entry: 'electron/preload/preload.ts', folder: 'preload', name: 'preload', sources: ['contract/wire', 'electron/preload'], format: 'commonjs' },
]

/** What a bundle of the bench is made of; it is built only for `npm run bench`. @type {Bundle} */
export const benchBundle = { entry: 'bench/main.ts', folder: 'bench', name: 'bench', sources: ['contract', 'engine', 'hosts/cli', 'hosts/socket', 'hosts/holder', 'e2e/drivers', 'bench'] }

/** @param {string} path */
function isSource(path) {
  return /\.(ts|json|txt|c|h)$/.test(path) && !/\.(test|fixture)\.ts$/.test(path)
}

/**
 * Bundles one entry and everything it imports for Node.
 * @param {Bundle} bundle
 * @returns {Promise<boolean>} whether there was something to do
 */
export async function buildBundle(bundle) {
  const entry = join(root, bundle.entry)
  if (!existsSync(entry)) return false
  const extension = bundle.format === 'commonjs' ? 'cjs' : 'mjs'
  const main = `${bundle.name}.${extension}`
  const assets = (bundle.assets ?? []).map((asset) => join(root, asset))
  const inputs = filesBelow(bundle.sources.map((folder) => join(root, folder)), isSource)
  const digest = digestOf(root, [...inputs, ...assets, fileURLToPath(import.meta.url), join(root, 'package-lock.json')])
  const folder = join(root, 'out', bundle.folder)
  const stampFile = join(root, 'out/stamps', `bundle-${bundle.folder}`)
  if (isFresh(stampFile, digest, [join(folder, main)])) return false

  const { build } = await import('rolldown')
  const fresh = join(root, 'out', `.${bundle.folder}-${process.pid}`)
  try {
    const { output } = await build({
      input: { [bundle.name]: entry },
      platform: 'node',
      transform: { target: 'node20' },
      external: [/^node:/, 'electron', 'playwright-core'],
      output: {
        dir: fresh,
        format: bundle.format ?? 'esm',
        entryFileNames: `[name].${extension}`,
        chunkFileNames: `[name]-[hash].${extension}`,
        banner: (chunk) => (chunk.isEntry && bundle.format !== 'commonjs' ? '#!/usr/bin/env node' : ''),
        comments: { legal: true, annotation: true, jsdoc: false },
      },
    })
    chmodSync(join(fresh, main), 0o755)
    mkdirSync(folder, { recursive: true })
    for (const asset of assets) copyFileSync(asset, join(folder, basename(asset)))
    const names = output.map(({ fileName }) => fileName).sort((a, b) => Number(a === main) - Number(b === main))
    for (const name of names) renameSync(join(fresh, name), join(folder, name))
    for (const old of readdirSync(folder)) {
      if (!names.includes(old) && !assets.some((asset) => basename(asset) === old)) rmSync(join(folder, old))
    }
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
  writeStamp(stampFile, digest)
  return true
}

/**
 * Builds what is not up to date and says what it was.
 * @returns {Promise<void>} rejects with a message for people
 */
export async function buildAll() {
  const done = await buildNative(root)
  for (const bundle of bundles) {
    if (await buildBundle(bundle)) done.push(`${bundle.entry} -> out/${bundle.folder}/${bundle.name}.mjs`)
  }
  if (await buildRenderer(root)) done.push('renderer/ -> out/renderer')
  linkCommand()
  for (const line of done) console.error(`built ${line}`)
}

/** Makes `npx mayfly` work in the checkout: npm links the commands of dependencies, never a project's own. */
function linkCommand() {
  const link = join(root, 'node_modules/.bin/mayfly')
  if (existsSync(join(root, 'out/cli/mayfly.mjs')) && !existsSync(link)) {
    rmSync(link, { force: true })
    symlinkSync('../../out/cli/mayfly.mjs', link)
  }
}

/** Builds, or ends the process with the reason. */
export async function buildOrExit() {
  try {
    await buildAll()
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    process.exit(1)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await bootstrap({ system: false })
  await buildOrExit()
}
