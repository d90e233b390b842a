/**
 * Tells whether something built is still what its inputs say, by their content: a fresh clone, a
 * changed branch and a touched file are all judged right. A stamp is written only after its output
 * is whole, so an interrupted build is built again.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/**
 * Every file below some paths, sorted. A path that does not exist has no files.
 * @param {readonly string[]} paths files or folders
 * @param {(path: string) => boolean} accept
 * @returns {string[]}
 */
export function filesBelow(paths, accept) {
  /** @type {string[]} */
  const found = []
  /** @param {string} path */
  const visit = (path) => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const inner = join(path, entry.name)
      if (entry.isDirectory()) {
        if (entry.name !== 'node_modules' && entry.name !== '.git') visit(inner)
      } else if (accept(inner)) found.push(inner)
    }
  }
  for (const path of paths) {
    if (!existsSync(path)) continue
    try {
      visit(path)
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'ENOTDIR') throw error
      if (accept(path)) found.push(path)
    }
  }
  return found.sort()
}

/**
 * A digest over files and whatever else decides the output, such as a compiler's arguments.
 * @param {string} root
 * @param {readonly string[]} files
 * @param {readonly string[]} [settings]
 */
export function digestOf(root, files, settings = []) {
  const hash = createHash('sha256')
  for (const setting of settings) hash.update(`${setting}\0`)
  for (const file of files) {
    const content = readFileSync(file)
    hash.update(`${relative(root, file)}\0${content.length}\0`)
    hash.update(content)
  }
  return hash.digest('hex')
}

/**
 * Whether outputs exist and were made from this digest.
 * @param {string} stampFile
 * @param {string} digest
 * @param {readonly string[]} outputs
 */
export function isFresh(stampFile, digest, outputs) {
  return outputs.every((output) => existsSync(output)) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === digest
}

/**
 * @param {string} stampFile
 * @param {string} digest
 */
export function writeStamp(stampFile, digest) {
  mkdirSync(dirname(stampFile), { recursive: true })
  const whole = `${stampFile}.${process.pid}`
  writeFileSync(whole, digest)
  renameSync(whole, stampFile)
}
