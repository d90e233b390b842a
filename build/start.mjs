/**
 * `npm start`: everything from nothing, then Mayfly. Until npm's packages exist only Node's own
 * modules are used. With nothing to do it costs a few hundredths of a second before Mayfly itself.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bootstrap, root } from './bootstrap.mjs'
import { run } from './command.mjs'
import { ensureElectron, findElectron } from './electron-binary.mjs'
import { chooseFace } from './face.mjs'
import { startInTerminal } from './start-in-terminal.mjs'

await bootstrap({ assumeYes: process.argv.includes('--yes') })
const { buildOrExit } = await import('./build.mjs')
await buildOrExit()

const isRoot = process.getuid?.() === 0
if (isRoot) console.log('You are root. Mayfly works, but an ordinary user is safer: machines then run with no more rights than yours.')
const display = (process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY'] ?? '') !== ''
const namespacesRestricted = readFlag('/proc/sys/kernel/apparmor_restrict_unprivileged_userns')
const pages = existsSync(join(root, 'out/renderer/index.html'))
// Downloaded only where it can be used.
const electron = pages && display && !isRoot && !namespacesRestricted ? await ensureElectron(root) : findElectron(root)
const { face, why } = chooseFace({ display, electron: electron !== undefined, namespacesRestricted, root: isRoot, built: { desktop: pages, browser: pages } })
for (const sentence of why) console.log(sentence)
// Ctrl-C is for what runs in the foreground; this waits for its end.
if (face !== 'cli') process.on('SIGINT', () => undefined)
switch (face) {
  case 'desktop':
    process.exitCode = (await run(electron ?? 'electron', [root], { show: true })).status
    break
  case 'browser':
    process.exitCode = (await run(process.execPath, [join(root, 'out/cli/mayfly.mjs'), 'serve', ...(display ? ['--open'] : [])], { show: true, input: 'inherit' })).status
    break
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
