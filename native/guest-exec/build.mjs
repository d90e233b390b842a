/**
 * Builds mayfly-exec, the guest's exec helper, as one small static binary:
 * `node native/guest-exec/build.mjs OUTPUT`. musl-gcc where it is installed (a tenth of the
 * size), else the host's cc with a static libc. Uses only Node's own modules, for bootstrap.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const sourceDir = path.dirname(fileURLToPath(import.meta.url))
const flags = ['-std=c11', '-D_GNU_SOURCE', '-static', '-Os', '-s', '-Wall', '-Wextra', '-Werror', '-ffunction-sections', '-fdata-sections', '-Wl,--gc-sections', '-Wl,--build-id=none']

/**
 * @param {string} outputFile appears whole or not at all
 * @returns {Promise<void>} rejects with the compilers' words where none of them succeeds
 */
export async function buildGuestExec(outputFile) {
  const sources = (await readdir(sourceDir)).filter((name) => name.endsWith('.c')).sort()
  await mkdir(path.dirname(outputFile), { recursive: true })
  const scratchDir = await mkdtemp(`${outputFile}.`)
  try {
    const built = path.join(scratchDir, 'mayfly-exec')
    const failures = []
    for (const compiler of ['musl-gcc', 'cc']) {
      try {
        await run(compiler, [...flags, '-o', built, ...sources], { cwd: sourceDir })
        await rename(built, outputFile)
        return
      } catch (error) {
        failures.push(`${compiler}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    throw new Error(`The guest's exec helper could not be built; install musl-tools, or gcc with a static libc.\n${failures.join('\n')}`)
  } finally {
    await rm(scratchDir, { recursive: true, force: true })
  }
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const outputFile = process.argv[2]
  if (outputFile === undefined) {
    process.stderr.write('usage: node native/guest-exec/build.mjs OUTPUT\n')
    process.exitCode = 2
  } else {
    await buildGuestExec(path.resolve(outputFile))
  }
}
