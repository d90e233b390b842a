/** Says where a committed generated file and the one that would be written part ways. */

const shownLines = 20

/**
 * The lines that differ, old ones with `-`, new ones with `+`, the first few of them.
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
