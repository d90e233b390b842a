/**
 * The one way a generator puts out its file: written when it is to be written, compared when the
 * check asks whether the committed one is still what would be written.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from '../bootstrap.mjs'
import { firstDifference } from './first-difference.mjs'

/**
 * Writes a generated file; with `--check` among the process's arguments compares instead, prints
 * the first lines that differ and sets the exit status to 1.
 * @param {string} path below the checkout
 * @param {string} content
 */
export function writeGenerated(path, content) {
  const file = join(root, path)
  const present = readIfThere(file)
  if (present === content) return
  if (process.argv.includes('--check')) {
    console.log(`${path} is not what its source says.\n${firstDifference(present ?? '', content)}`)
    process.exitCode = 1
    return
  }
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
  console.log(`wrote ${path}`)
}

/** @param {string} file */
function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
