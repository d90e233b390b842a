/**
 * Runs the app folder named on the command line. Every stock Electron carries such a loader; the
 * runtime the tests use does not. An ES module on purpose: Electron holds `ready` back until it
 * has loaded.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { app } from 'electron'

const folder = process.argv.slice(1).find((argument) => !argument.startsWith('-'))
if (folder === undefined) {
  console.error('usage: electron [options] APP_FOLDER')
  process.exit(2)
}
const path = resolve(folder)
const manifest = join(path, 'package.json')
/** @type {{ version?: string, name?: string, productName?: string, main?: string }} */
const { version, name, productName, main } = existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')) : { main: path }
/** What only such a loader calls. */
const loading = /** @type {import('electron').App & { setVersion(version: string): void, setAppPath(path: string): void }} */ (app)
if (version !== undefined) loading.setVersion(version)
if (name !== undefined) app.setName(productName ?? name)
loading.setAppPath(path)
Object.defineProperty(process, 'defaultApp', { value: true, enumerable: true })
try {
  await import(pathToFileURL(resolve(path, main ?? 'index.js')).href)
} catch (error) {
  console.error(error)
  process.exit(1)
}
