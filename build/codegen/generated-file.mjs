/**
 * The one way a generator puts out its file: written when it is to be written, compared when the
 * check asks whether the committed one is still what would be written.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const shownLines = 20

/**
 * Writes `text` to `file`; with `--check` among the process's arguments compares instead, prints
 * the first lines that differ and sets the exit status to 1.
 * @param {string} file
 * @param {string} text
 */
export function emitGenerated(file, text) {
  if (!process.argv.includes('--check')) {
    writeFileSync(file, text)
    return
  }
  const committed = existsSync(file) ? readFileSync(file, 'utf8') : ''
  if (committed === text) return
  console.error(`${file} is not what its generator writes now:\n${firstDifference(committed, text)}`)
  process.exitCode = 1
}

/**
 * The lines around the first difference, old ones with `-`, new ones with `+`.
 * @param {string} committed
 * @param {string} wanted
 */
export function firstDifference(committed, wanted) {
  const old = committed.split('\n')
  const fresh = wanted.split('\n')
  let start = 0
  while (start < old.length && start < fresh.length && old[start] === fresh[start]) start++
  let oldEnd = old.length
  let freshEnd = fresh.length
  while (oldEnd > start && freshEnd > start && old[oldEnd - 1] === fresh[freshEnd - 1]) {
    oldEnd--
    freshEnd--
  }
  const lines = [...old.slice(start, oldEnd).map((line) => `-${line}`), ...fresh.slice(start, freshEnd).map((line) => `+${line}`)]
  const more = lines.length > shownLines ? [`... and ${lines.length - shownLines} more lines`] : []
  return [`@@ line ${start + 1}`, ...lines.slice(0, shownLines), ...more].join('\n')
}
