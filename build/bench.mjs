/**
 * `npm run bench`: builds Mayfly and its measurements, and runs them. JSON on stdout, progress on
 * stderr; arguments are passed on. Electron keeps its sandbox, which root has none of: when root
 * calls, what is measured in windows runs as the user of the tests, and the answers are put
 * together here.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { bootstrap, root } from './bootstrap.mjs'
import { benchBundle, buildBundle, buildOrExit } from './build.mjs'
import { ensureElectronRuntime } from './electron-runtime.mjs'
import { makeRunFolder, readableBy, testUser } from './test-user.mjs'

/** @typedef {{ figures: { name: string, met: string | null }[], seconds: number, load: { after: unknown } }} Answer */

await bootstrap()
await buildOrExit()
await buildBundle(benchBundle)
const program = join('out', benchBundle.folder, `${benchBundle.name}.mjs`)
const asked = process.argv.slice(2)
if (process.getuid?.() === 0) await asTwoUsers()
else {
  const { status, answer } = await measure(process.execPath, [join(root, program), ...asked], root, { ...process.env, ...(await electron()) })
  print(answer, status)
}

async function asTwoUsers() {
  const engine = await measure(process.execPath, [join(root, program), ...asked, '--part', 'engine'], root, process.env)
  if (engine.answer === undefined) return print(undefined, engine.status)
  const user = await testUser()
  const { checkout, node } = await readableBy(user, root)
  const folder = makeRunFolder(user)
  try {
    /** @type {NodeJS.ProcessEnv} */
    const env = {
      PATH: (process.env['PATH'] ?? '').split(delimiter).filter((entry) => !entry.includes('node_modules')).join(delimiter),
      LANG: 'C.UTF-8',
      HOME: join(folder, 'home'),
      TMPDIR: join(folder, 'tmp'),
      XDG_RUNTIME_DIR: join(folder, 'run'),
      MAYFLY_BENCH_CACHE: join(user.cache, 'home'),
      ...(await electron(user.cache)),
    }
    const { program: setpriv, args } = user.as(node, [join(checkout, program), ...asked, '--part', 'windows'])
    const windows = await measure(setpriv, args, checkout, env)
    print(joined(engine.answer, windows.answer ?? null), Math.max(engine.status, windows.status))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * The Electron to measure; the one for tests where the official one cannot be had.
 * @param {string} [cache]
 * @returns {Promise<NodeJS.ProcessEnv>}
 */
async function electron(cache) {
  if (process.env['MAYFLY_ELECTRON'] !== undefined) return { MAYFLY_ELECTRON: process.env['MAYFLY_ELECTRON'] }
  try {
    return { MAYFLY_ELECTRON: join(await ensureElectronRuntime(cache), 'electron') }
  } catch (error) {
    // Without it the figures of the app have no value, and say why.
    console.error(error instanceof Error ? error.message : String(error))
    return {}
  }
}

/**
 * One run of the measurements. `answer` is null where it had nothing to do, undefined where it said nothing.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} cwd
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ status: number, answer: Answer | null | undefined }>}
 */
async function measure(command, args, cwd, env) {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] })
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.once(signal, () => child.kill(signal))
  const ended = once(child, 'exit')
  const said = await text(child.stdout)
  const [status] = /** @type {[number | null]} */ (await ended)
  return { status: status ?? 1, answer: said.trim() === '' ? undefined : JSON.parse(said) }
}

/**
 * @param {Answer | null} engine
 * @param {Answer | null} windows
 */
function joined(engine, windows) {
  if (engine === null || windows === null) return engine ?? windows
  return { ...engine, seconds: engine.seconds + windows.seconds, load: { ...engine.load, after: windows.load.after }, figures: [...engine.figures, ...windows.figures] }
}

/**
 * @param {Answer | null | undefined} answer
 * @param {number} status
 */
function print(answer, status) {
  if (answer !== undefined && answer !== null) console.log(JSON.stringify(answer, null, 2))
  process.exitCode = status
}
