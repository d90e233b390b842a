/**
 * Compiles what is written in C with plain `cc`: one command per part, no node-gyp, no network.
 * N-API's headers come from npm, so any Node 20 or Electron 33 loads the same addon.
 */
import { mkdirSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createRequire } from 'node:module'
import { findProgram, run } from './command.mjs'
import { buildGuestExec } from '../native/guest-exec/build.mjs'
import { digestOf, filesBelow, isFresh, writeStamp } from './content-stamp.mjs'

const warnings = ['-std=gnu17', '-Wall', '-Wextra', '-Werror']

/**
 * @typedef {object} NativePart
 * @property {string} sources folder below native/
 * @property {string} output file below out/native/
 * @property {() => string[]} flags
 */

/** @type {readonly NativePart[]} */
const parts = [
  {
    sources: 'addon',
    output: 'mayfly.node',
    flags: () => ['-O2', '-fPIC', '-shared', '-fvisibility=hidden', '-DNAPI_VERSION=9', `-I${nodeApiHeaders()}`],
  },
  { sources: 'keeper', output: 'mayfly-keeper', flags: () => ['-O2', '-pthread'] },
  { sources: 'waker', output: 'mayfly-waker', flags: () => ['-O2'] },
  { sources: 'ram', output: 'mayfly-ram.so', flags: () => ['-O2', '-fPIC', '-shared', '-fvisibility=hidden', '-pthread', '-Wl,-z,now', '-Wl,-z,nodelete', '-Wl,-z,noexecstack'] },
]

function nodeApiHeaders() {
  const header = createRequire(import.meta.url).resolve('node-api-headers/include/node_api.h')
  return dirname(header)
}

/**
 * Compiles every part that has sources and is not what they say.
 * @param {string} root the checkout
 * @returns {Promise<string[]>} what was compiled; rejects with the compiler's words where it fails
 */
export async function buildNative(root) {
  const compiled = []
  for (const { sources, output, flags } of parts) {
    const cFiles = filesBelow([join(root, 'native', sources)], (path) => path.endsWith('.c'))
    if (cFiles.length === 0) continue
    const args = [...warnings, ...flags()]
    const done = await buildPart(root, { sources, output, settings: args }, async (whole) => {
      const outcome = await run('cc', [...args, '-o', whole, ...cFiles], { cwd: root })
      if (outcome.status !== 0) throw new Error(outcome.output)
    })
    if (done) compiled.push(`native/${sources} -> out/native/${output}`)
  }
  const guestExec = { sources: 'guest-exec', output: 'mayfly-guest-exec', settings: [findProgram('musl-gcc') ?? 'cc'] }
  if (await buildPart(root, guestExec, buildGuestExec)) compiled.push(`native/${guestExec.sources} -> out/native/${guestExec.output}`)
  return compiled
}

/**
 * @param {string} root
 * @param {{ sources: string, output: string, settings: readonly string[] }} part
 * @param {(whole: string) => Promise<void>} compile writes the file it is given
 * @returns {Promise<boolean>} whether there was something to do
 */
async function buildPart(root, part, compile) {
  const output = join(root, 'out/native', part.output)
  const stampFile = join(root, 'out/stamps', `native-${part.sources}`)
  const inputs = filesBelow([join(root, 'native', part.sources), join(root, 'native/shared')], (path) => /\.(c|h|mjs)$/.test(path))
  const digest = digestOf(root, inputs, part.settings)
  if (isFresh(stampFile, digest, [output])) return false
  mkdirSync(dirname(output), { recursive: true })
  const whole = `${output}.${process.pid}`
  try {
    await compile(whole)
  } catch (error) {
    throw new Error(`native/${part.sources} does not compile:\n${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
  renameSync(whole, output)
  writeStamp(stampFile, digest)
  return true
}
