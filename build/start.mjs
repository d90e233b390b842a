/**
 * `npm start`: everything from nothing, then Mayfly. Until npm's packages exist only Node's own
 * modules are used. With nothing to do it costs a few hundredths of a second before Mayfly itself.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bootstrap, root } from './bootstrap.mjs'
import { chooseFace } from './face.mjs'
import { startInTerminal } from './start-in-terminal.mjs'

await bootstrap({ assumeYes: process.argv.includes('--yes') })
const { buildOrExit } = await import('./build.mjs')
await buildOrExit()

const isRoot = process.getuid?.() === 0
if (isRoot) console.log('You are root. Mayfly works, but an ordinary user is safer: machines then run with no more rights than yours.')
const { face, why } = chooseFace({
  display: (process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY'] ?? '') !== '',
  electron: existsSync(join(root, 'node_modules/electron/dist/electron')),
  namespacesRestricted: readFlag('/proc/sys/kernel/apparmor_restrict_unprivileged_userns'),
  root: isRoot,
  built: { desktop: false, browser: false },
})
for (const sentence of why) console.log(sentence)
switch (face) {
  case 'desktop':
  case 'browser':
    throw new Error(`This checkout has no ${face} face.`)
  case 'cli':
    process.exitCode = await startInTerminal(root)
    break
  default:
    throw new Error(`There is no face called ${String(face)}.`)
}

/** @param {string} file */
function readFlag(file) {
  return existsSync(file) && readFileSync(file, 'utf8').trim() === '1'
}
